"""gpugrad beside its peers on the same work: what ``gpugrad bench`` runs."""

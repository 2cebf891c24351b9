"""How a graph becomes a picture: boxes (what is shown), layers and places (where), scene (how it looks), and
writers for SVG, PNG and DOT."""

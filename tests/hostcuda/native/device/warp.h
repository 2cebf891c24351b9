// Barriers, and what the lanes of a warp or the threads of a block tell each other.
#pragma once

#define __syncthreads() fk_syncthreads()

inline void __syncwarp(unsigned mask = 0xffffffffu) { fk_syncwarp(mask); }
inline int fk_lane() { return fk_current->linear % 32; }

// Every lane posts its value; then, with no lane ahead of another, each reads that of `source`.
template <class T>
inline T fk_exchange(unsigned mask, T value, int source) {
  static_assert(sizeof(T) <= sizeof(FkWarp::slot[0]), "a shuffle moves at most 8 bytes");
  FkWarp* warp = fk_warp();
  memcpy(&warp->slot[fk_lane()], &value, sizeof value);
  fk_syncwarp(mask);
  T result;
  memcpy((void*)&result, &warp->slot[source & 31], sizeof result);
  fk_syncwarp(mask);
  return result;
}

// A source outside of the lane's segment of `width` lanes is the lane itself.
inline int fk_within(int source, int width) {
  int first = fk_lane() & ~(width - 1);
  return source >= first && source < first + width ? source : fk_lane();
}

template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  return fk_exchange(mask, value, (fk_lane() & ~(width - 1)) | (source & (width - 1)));
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
  return fk_exchange(mask, value, fk_within(fk_lane() ^ bits, width));
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  return fk_exchange(mask, value, fk_within(fk_lane() + (int)delta, width));
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  return fk_exchange(mask, value, fk_within(fk_lane() - (int)delta, width));
}

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  FkWarp* warp = fk_warp();
  warp->slot[fk_lane()] = predicate != 0;
  fk_syncwarp(mask);
  unsigned first = fk_current->linear - fk_lane();
  unsigned threads = fk_current->block_dim.x * fk_current->block_dim.y * fk_current->block_dim.z;
  unsigned votes = 0;
  for (unsigned lane = 0; lane < 32 && first + lane < threads; lane++)
    if (mask >> lane & 1) votes |= (unsigned)warp->slot[lane] << lane;
  fk_syncwarp(mask);
  return votes;
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }
inline unsigned __activemask() { return 0xffffffffu; }

inline int __syncthreads_count(int predicate) {
  static int count;
  if (fk_current->linear == 0) count = 0;
  fk_syncthreads();
  count += predicate != 0;
  fk_syncthreads();
  int result = count;
  fk_syncthreads();
  return result;
}
inline int __syncthreads_or(int predicate) { return __syncthreads_count(predicate) != 0; }
inline int __syncthreads_and(int predicate) { return __syncthreads_count(!predicate) == 0; }

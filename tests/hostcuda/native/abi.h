// What the block scheduler and the compiled kernels both know.
#pragma once

struct FkDim {
  unsigned x, y, z;
};

struct FkThread {
  FkDim thread, block, block_dim, grid_dim;
  unsigned linear;  // index within the block, x fastest
};

// Mailboxes through which the 32 lanes of a warp exchange values.
struct FkWarp {
  unsigned long long slot[32];
};

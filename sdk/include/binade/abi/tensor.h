/* Element types, and the host's buffers that a dataset writes into. */
#ifndef BINADE_ABI_TENSOR_H
#define BINADE_ABI_TENSOR_H

#include <stdint.h>

#define BINADE_UINT8 1
#define BINADE_INT8 2
#define BINADE_INT16 3
#define BINADE_INT32 4
#define BINADE_INT64 5
#define BINADE_FLOAT16 6 /* IEEE binary16 */
#define BINADE_BFLOAT16 7
#define BINADE_FLOAT32 8
#define BINADE_FLOAT64 9
#define BINADE_BOOL 10 /* one byte, 0 or 1 */

/* One field of one batch: C-contiguous, [count, ...sample shape], aligned to 64 bytes. In a field of variable shape
 * each sample's slot has the batch's largest extents and is already filled with the pad value. */
typedef struct binade_buffer {
  uint32_t struct_size;
  uint32_t dtype;
  void* data;
  uint64_t bytes;
  const int64_t* shape;
  uint32_t rank; /* of `shape`, the batch dimension included */
  uint32_t reserved;
} binade_buffer;

#endif

/* Ascend C for arch 2201 on the CPU: the twin of the vendor's header of this name. See README.md of the folder above. */
#ifndef ASCENDC_TWIN_KERNEL_OPERATOR_H
#define ASCENDC_TWIN_KERNEL_OPERATOR_H

#include "twin/alloc.h"
#include "twin/cache.h"
#include "twin/cast.h"
#include "twin/copy.h"
#include "twin/core.h"
#include "twin/cube.h"
#include "twin/image.h"
#include "twin/sync.h"
#include "twin/system.h"
#include "twin/tensor.h"
#include "twin/tpipe.h"
#include "twin/tque.h"
#include "twin/types.h"
#include "twin/vector_binary.h"
#include "twin/vector_fill.h"
#include "twin/vector_fused.h"
#include "twin/vector_reduce.h"
#include "twin/vector_select.h"
#include "twin/vector_total.h"
#include "twin/vector_unary.h"

#endif

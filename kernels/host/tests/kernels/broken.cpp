/* Kernels that each break one rule, which broken.rs names. All take an address of a few KB of GM. */
#include "kernel_operator.h"

using namespace AscendC;

/* What most of them have: tensors in UB and one in GM. */
struct Room {
    TPipe pipe;
    TBuf<TPosition::VECCALC> a_, b_;
    LocalTensor<float> a, b;
    GlobalTensor<float> gm;

    __aicore__ inline explicit Room(GM_ADDR x)
    {
        pipe.InitBuffer(a_, 4096);
        pipe.InitBuffer(b_, 4096);
        a = a_.Get<float>();
        b = b_.Get<float>();
        gm.SetGlobalBuffer((__gm__ float*)x);
    }
};

/* Copies. */
extern "C" __global__ __vector__ void copy_remainder(GM_ADDR x) { Room r(x); DataCopy(r.a, r.gm, 9); }
extern "C" __global__ __vector__ void copy_unaligned(GM_ADDR x) { Room r(x); DataCopy(r.a[3], r.gm, 8); }
extern "C" __global__ __vector__ void copy_odd_gm(GM_ADDR x) { Room r(x + 2); DataCopy(r.a, r.gm, 8); }
extern "C" __global__ __vector__ void copy_too_long(GM_ADDR x) { Room r(x); DataCopy(r.a[512], r.gm, 520); }
extern "C" __global__ __vector__ void copy_out_too_long(GM_ADDR x) { Room r(x); DataCopy(r.gm, r.a[512], 520); }
extern "C" __global__ __vector__ void copy_no_blocks(GM_ADDR x) { Room r(x); DataCopy(r.a, r.gm, DataCopyParams(0, 1, 0, 0)); }
extern "C" __global__ __vector__ void copy_many_blocks(GM_ADDR x) { Room r(x); DataCopy(r.gm, r.a, DataCopyParams(4096, 1, 0, 0)); }
extern "C" __global__ __vector__ void copy_no_length(GM_ADDR x) { Room r(x); DataCopy(r.a, r.gm, DataCopyParams(1, 0, 0, 0)); }
extern "C" __global__ __vector__ void pad_many_blocks(GM_ADDR x)
{
    Room r(x);
    DataCopyPad(r.a, r.gm, DataCopyExtParams(5000, 4, 0, 0, 0), DataCopyPadExtParams<float>());
}
extern "C" __global__ __vector__ void pad_long(GM_ADDR x)
{
    Room r(x);
    DataCopyPad(r.gm, r.a, DataCopyExtParams(1, 2097152, 0, 0, 0));
}
extern "C" __global__ __vector__ void pad_odd_length(GM_ADDR x)
{
    Room r(x);
    DataCopyPad(r.a, r.gm, DataCopyExtParams(1, 6, 0, 0, 0), DataCopyPadExtParams<float>());
}
extern "C" __global__ __vector__ void pad_wide(GM_ADDR x)
{
    Room r(x);
    DataCopyPad(r.a, r.gm, DataCopyExtParams(1, 4, 0, 0, 0), DataCopyPadExtParams<float>(true, 9, 0, 0.0f));
}
extern "C" __global__ __vector__ void copy_within(GM_ADDR x) { Room r(x); DataCopy(r.a[8], r.a, 64); }
extern "C" __global__ __vector__ void atomic_of_another(GM_ADDR x) { Room r(x); SetAtomicAdd<half>(); DataCopy(r.gm, r.a, 8); }

/* Vector calls. */
extern "C" __global__ __vector__ void add_unaligned(GM_ADDR x) { Room r(x); Add(r.a, r.a[4], r.b, 8); }
extern "C" __global__ __vector__ void add_too_long(GM_ADDR x) { Room r(x); Add(r.a, r.a, r.b[1016], 16); }
extern "C" __global__ __vector__ void add_nothing(GM_ADDR x) { Room r(x); Add(r.a, r.a, r.b, 0); }
extern "C" __global__ __vector__ void add_overlap(GM_ADDR x) { Room r(x); Add(r.a[8], r.a, r.b, 64); }
extern "C" __global__ __vector__ void mask_large(GM_ADDR x) { Room r(x); Add(r.a, r.a, r.b, 65, 1, BinaryRepeatParams()); }
extern "C" __global__ __vector__ void mask_zero(GM_ADDR x) { Room r(x); Exp(r.a, r.a, 0, 1, UnaryRepeatParams()); }
extern "C" __global__ __vector__ void mask_high_bits(GM_ADDR x)
{
    Room r(x);
    uint64_t mask[2] = {1, 1};
    Muls(r.a, r.a, 2.0f, mask, 1, UnaryRepeatParams());
}
extern "C" __global__ __vector__ void repeat_zero(GM_ADDR x) { Room r(x); Add(r.a, r.a, r.b, 64, 0, BinaryRepeatParams()); }
extern "C" __global__ __vector__ void repeat_past_the_end(GM_ADDR x)
{
    Room r(x);
    Add(r.a, r.a, r.b, 64, 17, BinaryRepeatParams());
}
extern "C" __global__ __vector__ void repeat_overlap(GM_ADDR x)
{
    Room r(x);
    Muls(r.a, r.a[8], 2.0f, 64, 2, UnaryRepeatParams(1, 1, 8, 8));
}
extern "C" __global__ __vector__ void reduce_repeats(GM_ADDR x) { Room r(x); WholeReduceSum(r.b, r.a, 64, 256, 1, 1, 0); }
extern "C" __global__ __vector__ void reduce_stride(GM_ADDR x) { Room r(x); WholeReduceSum(r.b, r.a, 64, 2, 1, 1, 65536); }
extern "C" __global__ __vector__ void reduce_pair_unaligned(GM_ADDR x) { Room r(x); WholeReduceMax(r.b[1], r.a, 64, 1, 1, 1, 8); }
extern "C" __global__ __vector__ void reduce_into_its_source(GM_ADDR x)
{
    Room r(x);
    WholeReduceSum(r.a[64], r.a, 64, 3, 64, 1, 8);
}
extern "C" __global__ __vector__ void reduce_small_scratch(GM_ADDR x) { Room r(x); ReduceMax(r.b, r.a, r.b[1016], 1024, true); }
extern "C" __global__ __vector__ void block_reduce_unaligned(GM_ADDR x) { Room r(x); BlockReduceSum(r.b[4], r.a, 1, 64, 1, 1, 8); }
extern "C" __global__ __vector__ void compare_part(GM_ADDR x)
{
    Room r(x);
    Compare(r.b.ReinterpretCast<uint8_t>(), r.a, r.a, CMPMODE::LT, 100);
}
extern "C" __global__ __vector__ void compare_integers(GM_ADDR x)
{
    Room r(x);
    LocalTensor<int32_t> i = r.a.ReinterpretCast<int32_t>();
    Compare(r.b.ReinterpretCast<uint8_t>(), i, i, CMPMODE::LT, 64);
}
extern "C" __global__ __vector__ void gather_far(GM_ADDR x)
{
    Room r(x);
    r.b.SetValue(0, 0.0f);
    LocalTensor<uint32_t> at = r.b.ReinterpretCast<uint32_t>();
    at.SetValue(0, 4096);
    Gather(r.b[64], r.a, at, 0, 1);
}
extern "C" __global__ __vector__ void gather_between(GM_ADDR x)
{
    Room r(x);
    LocalTensor<uint32_t> at = r.b.ReinterpretCast<uint32_t>();
    at.SetValue(0, 6);
    Gather(r.b[64], r.a, at, 0, 1);
}
extern "C" __global__ __vector__ void brcb_in_place(GM_ADDR x) { Room r(x); Brcb(r.a, r.a, 1, BrcbRepeatParams(1, 8)); }
extern "C" __global__ __vector__ void brcb_stride(GM_ADDR x) { Room r(x); Brcb(r.a, r.b, 1, BrcbRepeatParams(0, 8)); }
extern "C" __global__ __aicore__ void select_without_room(GM_ADDR x)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Room r(x);
    TBuf<TPosition::VECCALC> rest;
    r.pipe.InitBuffer(rest, 184320);
    Select(r.a, r.b.ReinterpretCast<uint32_t>(), r.a, 1.0f, SELMODE::VSEL_TENSOR_SCALAR_MODE, 64);
}
extern "C" __global__ __vector__ void pattern(GM_ADDR x)
{
    Room r(x);
    uint64_t n;
    GatherMask(r.b, r.a, 8, false, 0, GatherMaskParams(1, 1, 8, 0), n);
}
extern "C" __global__ __vector__ void cast_mode(GM_ADDR x)
{
    Room r(x);
    Cast(r.b.ReinterpretCast<bfloat16_t>(), r.a, RoundMode::CAST_NONE, 64);
}
extern "C" __global__ __vector__ void cast_wider_in_place(GM_ADDR x)
{
    Room r(x);
    Cast(r.a, r.a.ReinterpretCast<half>(), RoundMode::CAST_NONE, 64);
}
extern "C" __global__ __vector__ void axpy_wider_in_place(GM_ADDR x)
{
    Room r(x);
    Axpy(r.a, r.a.ReinterpretCast<half>(), half(1.0f), 64);
}
extern "C" __global__ __vector__ void shift_far(GM_ADDR x)
{
    Room r(x);
    ShiftLeft(r.a.ReinterpretCast<int32_t>(), r.b.ReinterpretCast<int32_t>(), 33, 8);
}
extern "C" __global__ __vector__ void element_far(GM_ADDR x) { Room r(x); r.a.SetValue(1024, 1.0f); }
extern "C" __global__ __vector__ void offset_far(GM_ADDR x) { Room r(x); Relu(r.a[1025], r.b, 8); }
extern "C" __global__ __vector__ void part_far(GM_ADDR x) { Room r(x); Relu(r.a_.GetWithOffset<float>(8, 4080), r.b, 8); }

/* The cube core. */
struct Cube {
    LocalTensor<half> a1, a2, b2;
    LocalTensor<float> c;
    GlobalTensor<half> gm;

    __aicore__ inline explicit Cube(GM_ADDR x)
        : a1(TPosition::A1, 0, 4096), a2(TPosition::A2, 0, 4096), b2(TPosition::B2, 0, 4096), c(TPosition::CO1, 0, 4096)
    {
        gm.SetGlobalBuffer((__gm__ half*)x);
    }
};

extern "C" __global__ __cube__ void nz_rows(GM_ADDR x)
{
    Cube u(x);
    DataCopy(u.a1, u.gm, Nd2NzParams(1, 16385, 16, 0, 16, 16, 1, 0));
}
extern "C" __global__ __cube__ void nz_past_the_end(GM_ADDR x)
{
    Cube u(x);
    DataCopy(u.a1, u.gm, Nd2NzParams(1, 16, 32, 0, 32, 256, 1, 0));
}
extern "C" __global__ __cube__ void nz_to_l0(GM_ADDR x)
{
    Cube u(x);
    DataCopy(u.a2, u.gm, Nd2NzParams(1, 16, 16, 0, 16, 16, 1, 0));
}
extern "C" __global__ __cube__ void gm_to_l0(GM_ADDR x) { Cube u(x); DataCopy(u.a2, u.gm, 256); }
extern "C" __global__ __cube__ void load_unaligned(GM_ADDR x)
{
    Cube u(x);
    LoadData(u.a2[16], u.a1, LoadData2DParams(0, 1, 1, 0, 0, false, 0));
}
extern "C" __global__ __cube__ void load_turned_floats(GM_ADDR x)
{
    Cube u(x);
    LoadData(u.a2.ReinterpretCast<float>(), u.a1.ReinterpretCast<float>(), LoadData2DParams(0, 1, 1, 0, 0, true, 0));
}
extern "C" __global__ __cube__ void multiply_one_row(GM_ADDR x)
{
    Cube u(x);
    Mmad(u.c, u.a2, u.b2, MmadParams(1, 16, 16, 0, false, true));
}
extern "C" __global__ __cube__ void multiply_swapped(GM_ADDR x)
{
    Cube u(x);
    Mmad(u.c, u.b2, u.a2, MmadParams(16, 16, 16, 0, false, true));
}
extern "C" __global__ __cube__ void multiply_past_the_end(GM_ADDR x)
{
    Cube u(x);
    Mmad(u.c, u.a2, u.b2, MmadParams(64, 65, 64, 0, false, true));
}
extern "C" __global__ __cube__ void fix_mode(GM_ADDR x) { Cube u(x); Fixpipe(u.gm, u.c, FixpipeParamsV220(16, 16, 16, 16, false)); }
extern "C" __global__ __cube__ void fix_width(GM_ADDR x)
{
    Cube u(x);
    Fixpipe(u.gm, u.c, FixpipeParamsV220(20, 16, 16, 20, false, QuantMode_t::F322F16, 0, 1, 0, 0, 0));
}
extern "C" __global__ __vector__ void static_exceeded(GM_ADDR) { LocalTensor<float> t(TPosition::VECCALC, 196000, 256); }

/* Queues and buffers. */
extern "C" __global__ __aicore__ void enqueue_twice(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECIN, 2> queue;
    pipe.InitBuffer(queue, 2, 64);
    LocalTensor<float> t = queue.AllocTensor<float>();
    queue.EnQue(t);
    queue.EnQue(t);
}
extern "C" __global__ __aicore__ void dequeue_empty(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECIN, 1> queue;
    pipe.InitBuffer(queue, 2, 64);
    LocalTensor<float> t = queue.DeQue<float>();
}
extern "C" __global__ __aicore__ void free_twice(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECIN, 1> queue;
    pipe.InitBuffer(queue, 2, 64);
    LocalTensor<float> t = queue.AllocTensor<float>();
    queue.EnQue(t);
    t = queue.DeQue<float>();
    queue.FreeTensor(t);
    queue.FreeTensor(t);
}
extern "C" __global__ __aicore__ void free_enqueued(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECIN, 1> queue;
    pipe.InitBuffer(queue, 2, 64);
    LocalTensor<float> t = queue.AllocTensor<float>();
    queue.EnQue(t);
    queue.FreeTensor(t);
}
extern "C" __global__ __aicore__ void allocate_too_many(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECOUT, 1> queue;
    pipe.InitBuffer(queue, 2, 64);
    for (int i = 0; i < 3; i++) {
        LocalTensor<float> t = queue.AllocTensor<float>();
    }
}
extern "C" __global__ __aicore__ void never_freed(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECIN, 1> queue;
    pipe.InitBuffer(queue, 1, 64);
    LocalTensor<float> t = queue.AllocTensor<float>();
    queue.EnQue(t);
    t = queue.DeQue<float>();
}
extern "C" __global__ __aicore__ void never_dequeued(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECIN, 1> queue;
    pipe.InitBuffer(queue, 1, 64);
    LocalTensor<float> t = queue.AllocTensor<float>();
    queue.EnQue(t);
}
extern "C" __global__ __aicore__ void another_queue(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECIN, 1> in;
    TQue<TPosition::VECOUT, 1> out;
    pipe.InitBuffer(in, 1, 64);
    pipe.InitBuffer(out, 1, 64);
    LocalTensor<float> t = in.AllocTensor<float>();
    out.EnQue(t);
}
extern "C" __global__ __aicore__ void of_no_queue(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECIN, 1> in;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(in, 1, 64);
    pipe.InitBuffer(buffer, 64);
    LocalTensor<float> t = buffer.Get<float>();
    in.EnQue(t);
}
extern "C" __global__ __aicore__ void too_deep(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECIN, 1> queue;
    pipe.InitBuffer(queue, 2, 64);
    LocalTensor<float> t = queue.AllocTensor<float>();
    queue.EnQue(t);
    t = queue.AllocTensor<float>();
    queue.EnQue(t);
}
extern "C" __global__ __aicore__ void not_initialised(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECIN, 1> queue;
    LocalTensor<float> t = queue.AllocTensor<float>();
}
extern "C" __global__ __aicore__ void ub_exceeded(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECIN, 1> queue;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(queue, 2, 65536);
    pipe.InitBuffer(buffer, 65536);
}
extern "C" __global__ __aicore__ void l1_exceeded(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    TPipe pipe;
    TBuf<TPosition::A1> a;
    TBuf<TPosition::B1> b;
    pipe.InitBuffer(a, 262144);
    pipe.InitBuffer(b, 262144);
}
extern "C" __global__ __aicore__ void l0a_exceeded(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    TPipe pipe;
    TQue<TPosition::A2, 1> queue;
    pipe.InitBuffer(queue, 2, 32800);
}
extern "C" __global__ __aicore__ void ub_of_a_cube_core(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(buffer, 64);
    LocalTensor<float> t = buffer.Get<float>();
}
extern "C" __global__ __aicore__ void nine_buffers(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQue<TPosition::VECIN, 1> one, two;
    pipe.InitBuffer(one, 8, 64);
    pipe.InitBuffer(two, 1, 64);
}
extern "C" __global__ __aicore__ void empty_buffer(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(buffer, 0);
}
extern "C" __global__ __aicore__ void too_many_buffers(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    for (int i = 0; i < 65; i++) {
        pipe.InitBuffer(buffer, 32);
    }
}
extern "C" __global__ __aicore__ void two_pipes(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe one;
    TPipe two;
}
extern "C" __global__ __aicore__ void other_positions(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> queue;
    pipe.InitBuffer(queue, 1, 64);
    LocalTensor<float> t = queue.AllocTensor<float>();
    queue.EnQue<TPosition::GM, TPosition::VECIN>(t);
    t = queue.DeQue<TPosition::VECOUT, TPosition::GM, float>();
}

/* Events. */
extern "C" __global__ __vector__ void set_twice(GM_ADDR) { SetFlag<HardEvent::MTE2_V>(3); SetFlag<HardEvent::MTE2_V>(3); }
extern "C" __global__ __vector__ void wait_for_nothing(GM_ADDR) { SetFlag<HardEvent::MTE2_V>(1); WaitFlag<HardEvent::V_MTE3>(1); }
extern "C" __global__ __vector__ void event_id(GM_ADDR) { SetFlag<HardEvent::MTE2_V>(8); }
extern "C" __global__ __vector__ void no_such_pipe(GM_ADDR) { SetFlag<HardEvent::MTE1_M>(0); }
extern "C" __global__ __cube__ void barrier_of_no_pipe(GM_ADDR) { PipeBarrier<PIPE_V>(); }
extern "C" __global__ __vector__ void set_and_left(GM_ADDR) { SetFlag<HardEvent::V_MTE3>(2); }
extern "C" __global__ __aicore__ void all_events(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    for (int i = 0; i < 9; i++) {
        pipe.AllocEventID<HardEvent::MTE2_V>();
    }
}
extern "C" __global__ __aicore__ void cross_flag(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIV_1_0);
    CrossCoreSetFlag<0, PIPE_MTE3>(11);
}
extern "C" __global__ __aicore__ void cross_wait(GM_ADDR)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIV_1_0);
    CrossCoreWaitFlag(12);
}
extern "C" __global__ __aicore__ void part_of_the_blocks(GM_ADDR x)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Room r(x);
    GlobalTensor<int32_t> workspace;
    workspace.SetGlobalBuffer((__gm__ int32_t*)x);
    SyncAll(workspace, r.a.ReinterpretCast<int32_t>(), 3);
}

extern "C" __global__ __vector__ void asserts(GM_ADDR x) { ascendc_assert(x == nullptr, "never"); }
extern "C" __global__ __vector__ void traps(GM_ADDR) { Trap(); }

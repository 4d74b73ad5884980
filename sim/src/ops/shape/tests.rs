//! Against references that decode every index of the output.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

const DTYPES: [aclDataType; 5] = [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_INT8, ACL_BOOL];

/// A view with gaps, its first two dims' memory exchanged: values 0, 1, 2, .. (0 and 1 for booleans).
fn view(dtype: aclDataType, dims: [i64; 3]) -> Array {
    let [a, b, c] = dims;
    let modulus = if dtype == ACL_BOOL { 2 } else { 97 };
    let strides = [c + 1, (c + 1) * a + 2, 1];
    let storage = 3 + b * strides[1] + a * strides[0];
    Array::strided(dtype, &dims, &strides, 3, storage, (0..a * b * c).map(|i| (i % modulus) as f64))
}

#[test]
fn joins_and_splits_are_each_others_inverse() {
    for dtype in DTYPES {
        for (dim, [a, b, c]) in [(0i64, [3, 4, 5]), (1, [2, 70, 67]), (-1, [4, 1, 130]), (2, [1, 3, 2])] {
            let d = dim.rem_euclid(3) as usize;
            let dims = [a, b, c];
            let more = |by: i64| {
                let mut dims = dims;
                dims[d] += by;
                dims
            };
            let (x, y, none) = (view(dtype, dims), view(dtype, more(2)), Array::new(dtype, &[0], []));
            let joined = Array::out(dtype, &more(2 + dims[d]));
            run(|w, e| aclnnCatGetWorkspaceSize(list(&[&x, &none, &y]), dim, joined.handle(), w, e)).unwrap();
            let (x_values, y_values) = (x.values(), y.values());
            let want = by_index(&more(2 + dims[d]), |at| {
                let mut at = at.to_vec();
                if at[d] < dims[d] {
                    return x_values[element(&dims, &at)];
                }
                at[d] -= dims[d];
                y_values[element(&more(2), &at)]
            });
            assert_eq!(joined.values(), want);
            let (first, second) = (Array::out(dtype, &dims), Array::out(dtype, &more(2)));
            let sizes = Ints::new(&[dims[d], dims[d] + 2]);
            let pieces = list(&[&first, &second]);
            run(|w, e| aclnnSplitWithSizeGetWorkspaceSize(joined.handle(), sizes.0, dim, pieces, w, e)).unwrap();
            assert_eq!((first.values(), second.values()), (x.values(), y.values()));
            // Pieces of the longer size: the rest is shorter.
            let (first, rest) = (Array::out(dtype, &more(2)), Array::out(dtype, &dims));
            let size = (dims[d] + 2) as u64;
            let pieces = list(&[&first, &rest]);
            run(|w, e| aclnnSplitTensorGetWorkspaceSize(joined.handle(), size, dim, pieces, w, e)).unwrap();
            let (at, mut shape) = (dims[d] + 2, dims);
            let whole = more(2 + dims[d]);
            let part = |from: i64, shape: &[i64]| {
                by_index(shape, |index| {
                    let mut index = index.to_vec();
                    index[d] += from;
                    want[element(&whole, &index)]
                })
            };
            assert_eq!(rest.values(), part(at, &shape));
            shape[d] += 2;
            assert_eq!(first.values(), part(0, &shape));
        }
    }
}

#[test]
fn joins_convert_and_stacks_add_a_dim() {
    let (half, whole) = (Array::new(ACL_BF16, &[2], [0.5, 1.5]), Array::new(ACL_INT32, &[1], [7.0]));
    let out = Array::out(ACL_FLOAT, &[3]);
    run(|w, e| aclnnCatGetWorkspaceSize(list(&[&half, &whole]), 0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [0.5, 1.5, 7.0]);
    let members = [1.0, 2.0, 3.0].map(|v| Array::new(ACL_FLOAT, &[2, 5], (0..10).map(move |i| v * 100.0 + i as f64)));
    for (dim, shape) in [(0i64, [3, 2, 5]), (1, [2, 3, 5]), (-1, [2, 5, 3])] {
        let d = dim.rem_euclid(3) as usize;
        let out = Array::out(ACL_FLOAT, &shape);
        run(|w, e| aclnnStackGetWorkspaceSize(list(&members.each_ref()), dim, out.handle(), w, e)).unwrap();
        let want = by_index(&shape, |at| {
            let mut at = at.to_vec();
            let member = at.remove(d);
            members[member as usize].values()[element(&[2, 5], &at)]
        });
        assert_eq!(out.values(), want);
    }
}

#[test]
fn slices_as_in_python() {
    for dtype in DTYPES {
        let dims = [4, 70, 9];
        let x = view(dtype, dims);
        let (values, far) = (x.values(), i64::MAX);
        for (dim, start, end, step, indices) in [
            (1i64, 0, far, 1, (0..70).collect::<Vec<i64>>()),
            (1, -3, far, 1, vec![67, 68, 69]),
            (0, 1, -1, 1, vec![1, 2]),
            (2, 0, 9, 4, vec![0, 4, 8]),
            (-1, i64::MIN, -6, 2, vec![0, 2]),
            (1, 5, 5, 1, vec![]),
            (1, 60, 2, 1, vec![]),
        ] {
            let d = dim.rem_euclid(3) as usize;
            let mut shape = dims;
            shape[d] = indices.len() as i64;
            let out = Array::out(dtype, &shape);
            run(|w, e| aclnnSliceGetWorkspaceSize(x.handle(), dim, start, end, step, out.handle(), w, e)).unwrap();
            let want = by_index(&shape, |at| {
                let mut at = at.to_vec();
                at[d] = indices[at[d] as usize];
                values[element(&dims, &at)]
            });
            assert_eq!(out.values(), want);
        }
        let (starts, ends, axes, steps) = (Ints::new(&[10, 1]), Ints::new(&[70, 9]), Ints::new(&[1, -1]), Ints::new(&[30, 3]));
        let out = Array::out(dtype, &[4, 2, 3]);
        run(|w, e| aclnnSliceV2GetWorkspaceSize(x.handle(), starts.0, ends.0, axes.0, steps.0, out.handle(), w, e)).unwrap();
        let want = by_index(&[4, 2, 3], |at| values[element(&dims, &[at[0], 10 + 30 * at[1], 1 + 3 * at[2]])]);
        assert_eq!(out.values(), want);
    }
}

#[test]
fn orders_repetitions_and_borders() {
    for dtype in DTYPES {
        let dims = [3, 41, 35];
        let x = view(dtype, dims);
        let values = x.values();
        let check = |shape: &[i64], operator: &dyn Fn(&Array), want: &dyn Fn(&[i64]) -> f64| {
            let out = Array::out(dtype, shape);
            operator(&out);
            assert_eq!(out.values(), by_index(shape, want), "{shape:?}");
        };
        let at = |a: i64, b: i64, c: i64| values[element(&dims, &[a, b, c])];
        let order = Ints::new(&[2, 0, -2]);
        check(
            &[35, 3, 41],
            &|out| run(|w, e| aclnnPermuteGetWorkspaceSize(x.handle(), order.0, out.handle(), w, e)).unwrap(),
            &|i| at(i[1], i[2], i[0]),
        );
        let times = Ints::new(&[2, 1, 3, 2]);
        check(
            &[2, 3, 123, 70],
            &|out| run(|w, e| aclnnRepeatGetWorkspaceSize(x.handle(), times.0, out.handle(), w, e)).unwrap(),
            &|i| at(i[1], i[2] % 41, i[3] % 35),
        );
        for set in [&[0i64][..], &[2], &[-1, 1], &[0, 1, 2], &[]] {
            let array = Ints::new(set);
            let turned = |d: i64, i: i64| if set.contains(&d) || set.contains(&(d - 3)) { dims[d as usize] - 1 - i } else { i };
            check(&dims, &|out| run(|w, e| aclnnFlipGetWorkspaceSize(x.handle(), array.0, out.handle(), w, e)).unwrap(), &|i| {
                at(turned(0, i[0]), turned(1, i[1]), turned(2, i[2]))
            });
        }
        let (shifts, along) = (Ints::new(&[-4, 38]), Ints::new(&[0, -1]));
        check(
            &dims,
            &|out| run(|w, e| aclnnRollGetWorkspaceSize(x.handle(), shifts.0, along.0, out.handle(), w, e)).unwrap(),
            &|i| at((i[0] + 4) % 3, i[1], (i[2] - 38).rem_euclid(35)),
        );
        let (shift, none) = (Ints::new(&[-1007]), Ints::new(&[]));
        check(
            &dims,
            &|out| run(|w, e| aclnnRollGetWorkspaceSize(x.handle(), shift.0, none.0, out.handle(), w, e)).unwrap(),
            &|i| values[(element(&dims, i) + 1007) % values.len()],
        );
        let (pad, border) = (Ints::new(&[2, -1, -3, 4]), Number::int(1));
        let inside = |i: i64, n: i64| (0..n).contains(&i);
        check(
            &[3, 42, 36],
            &|out| run(|w, e| aclnnConstantPadNdGetWorkspaceSize(x.handle(), pad.0, border.0, out.handle(), w, e)).unwrap(),
            &|i| if inside(i[1] + 3, 41) && inside(i[2] - 2, 34) { at(i[0], i[1] + 3, i[2] - 2) } else { 1.0 },
        );
        let (row, size) = (Array::new(dtype, &[41, 1], (0..41).map(|i| (i % 2) as f64)), Ints::new(&[3, -1, 5]));
        check(
            &[3, 41, 5],
            &|out| run(|w, e| aclnnExpandGetWorkspaceSize(row.handle(), size.0, out.handle(), w, e)).unwrap(),
            &|i| (i[1] % 2) as f64,
        );
    }
    // More than a block, in the last dim.
    let x = Array::new(ACL_FLOAT, &[2, 3000], (0..6000).map(f64::from));
    let (out, dims) = (Array::out(ACL_FLOAT, &[2, 3000]), Ints::new(&[1]));
    run(|w, e| aclnnFlipGetWorkspaceSize(x.handle(), dims.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), by_index(&[2, 3000], |i| (i[0] * 3000 + 2999 - i[1]) as f64));
}

#[test]
fn progressions_end_where_they_say() {
    let ints = |start, end, step| [start, end, step].map(Number::int);
    let floats = |start, end, step| [start, end, step].map(Number::float);
    for (dtype, numbers, want, with_end) in [
        (ACL_INT64, ints(2, 11, 3), vec![2.0, 5.0, 8.0], vec![2.0, 5.0, 8.0, 11.0]),
        (ACL_INT32, ints(3, -3, -2), vec![3.0, 1.0, -1.0], vec![3.0, 1.0, -1.0, -3.0]),
        (ACL_FLOAT, floats(0.5, 2.0, 0.5), vec![0.5, 1.0, 1.5], vec![0.5, 1.0, 1.5, 2.0]),
        (ACL_BF16, floats(0.0, 1.0, 2.0), vec![0.0], vec![0.0]),
    ] {
        let [start, end, step] = &numbers;
        let (out, closed) = (Array::out(dtype, &[want.len() as i64]), Array::out(dtype, &[with_end.len() as i64]));
        run(|w, e| aclnnArangeGetWorkspaceSize(start.0, end.0, step.0, out.handle(), w, e)).unwrap();
        run(|w, e| aclnnRangeGetWorkspaceSize(start.0, end.0, step.0, closed.handle(), w, e)).unwrap();
        assert_eq!((out.values(), closed.values()), (want, with_end));
    }
    let ([start, end, step], out) = (ints(0, 70_000, 1), Array::out(ACL_FLOAT, &[70_000]));
    run(|w, e| aclnnArangeGetWorkspaceSize(start.0, end.0, step.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), (0..70_000).map(f64::from).collect::<Vec<_>>());
    let short = Array::out(ACL_FLOAT, &[3]);
    let range = |step: i64, out: &Array| {
        let step = Number::int(step);
        run(|w, e| aclnnArangeGetWorkspaceSize(start.0, end.0, step.0, out.handle(), w, e))
    };
    assert_eq!(refusal(range(1, &short), "aclnnArange", "out has shape [3]; 70000 elements are needed"), ACLNN_ERR_PARAM_INVALID);
    for step in [0, -1] {
        assert_eq!(refusal(range(step, &short), "aclnnArange", "no finite number of steps"), ACLNN_ERR_PARAM_INVALID);
    }
}

#[test]
fn refusals_name_what_does_not_fit() {
    let (x, y, flags) = (Array::out(ACL_FLOAT, &[2, 3]), Array::out(ACL_FLOAT, &[3, 2]), Array::out(ACL_BOOL, &[2, 3]));
    let cat = |members: &[&Array], dim, out: &Array| run(|w, e| aclnnCatGetWorkspaceSize(list(members), dim, out.handle(), w, e));
    for (outcome, what) in [
        (cat(&[], 0, &x), "tensors is empty"),
        (cat(&[&x, &y], 0, &x), "differ in another dim than 0"),
        (cat(&[&x], 2, &x), "dim is 2"),
        (cat(&[&x, &x], 0, &x), "out has shape [2, 3]; [4, 3]"),
        (cat(&[&x], 0, &flags), "cannot be cast to out"),
    ] {
        assert_eq!(refusal(outcome, "aclnnCat", what), ACLNN_ERR_PARAM_INVALID);
    }
    let stack = run(|w, e| aclnnStackGetWorkspaceSize(list(&[&x, &y]), 0, x.handle(), w, e));
    assert_eq!(refusal(stack, "aclnnStack", "[2, 3] and [3, 2]"), ACLNN_ERR_PARAM_INVALID);
    let sizes = Ints::new(&[1, 3]);
    let split = run(|w, e| aclnnSplitWithSizeGetWorkspaceSize(x.handle(), sizes.0, 1, list(&[&x, &x]), w, e));
    assert_eq!(refusal(split, "aclnnSplitWithSize", "splitSize is [1, 3]"), ACLNN_ERR_PARAM_INVALID);
    let split = run(|w, e| aclnnSplitTensorGetWorkspaceSize(x.handle(), 2, 1, list(&[&x]), w, e));
    assert_eq!(refusal(split, "aclnnSplitTensor", "out has 1 tensors; 2"), ACLNN_ERR_PARAM_INVALID);
    let slice = run(|w, e| aclnnSliceGetWorkspaceSize(x.handle(), 0, 0, 2, 0, x.handle(), w, e));
    assert_eq!(refusal(slice, "aclnnSlice", "the step is 0"), ACLNN_ERR_PARAM_INVALID);
    let twice = Ints::new(&[0, -2]);
    let permute = run(|w, e| aclnnPermuteGetWorkspaceSize(x.handle(), twice.0, x.handle(), w, e));
    assert_eq!(refusal(permute, "aclnnPermute", "name a dim twice"), ACLNN_ERR_PARAM_INVALID);
    let expand = run(|w, e| aclnnExpandGetWorkspaceSize(x.handle(), sizes.0, x.handle(), w, e));
    assert_eq!(refusal(expand, "aclnnExpand", "does not expand"), ACLNN_ERR_PARAM_INVALID);
    let one = Ints::new(&[2]);
    let repeat = run(|w, e| aclnnRepeatGetWorkspaceSize(x.handle(), one.0, x.handle(), w, e));
    assert_eq!(refusal(repeat, "aclnnRepeat", "repeats is [2]"), ACLNN_ERR_PARAM_INVALID);
    let roll = run(|w, e| aclnnRollGetWorkspaceSize(x.handle(), one.0, twice.0, x.handle(), w, e));
    assert_eq!(refusal(roll, "aclnnRoll", "shifts has 1 numbers; 2"), ACLNN_ERR_PARAM_INVALID);
    let (deep, zero) = (Ints::new(&[-3, -1]), Number::int(0));
    let pad = run(|w, e| aclnnConstantPadNdGetWorkspaceSize(x.handle(), deep.0, zero.0, x.handle(), w, e));
    assert_eq!(refusal(pad, "aclnnConstantPadNd", "does not allow"), ACLNN_ERR_PARAM_INVALID);
    let null = run(|w, e| aclnnFlipGetWorkspaceSize(x.handle(), std::ptr::null(), x.handle(), w, e));
    assert_eq!(refusal(null, "aclnnFlip", "dims is null"), ACLNN_ERR_PARAM_NULLPTR);
}

/// One roll after the other, as in PyTorch.
#[test]
fn a_dim_may_be_rolled_twice() {
    let (x, out) = (Array::new(ACL_FLOAT, &[2, 5], (0..10).map(f64::from)), Array::out(ACL_FLOAT, &[2, 5]));
    let (shifts, dims) = (Ints::new(&[1, -4, 1]), Ints::new(&[1, -1, 0]));
    run(|w, e| aclnnRollGetWorkspaceSize(x.handle(), shifts.0, dims.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [8.0, 9.0, 5.0, 6.0, 7.0, 3.0, 4.0, 0.0, 1.0, 2.0]);
}

#[test]
fn equal_steps_and_diagonals() {
    let ends = [-1.0f32, 2.0].map(Number::float);
    for (dtype, n, want) in [
        (ACL_FLOAT, 7, vec![-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]),
        (ACL_BF16, 1, vec![-1.0]),
        (ACL_FLOAT16, 0, vec![]),
        (ACL_INT32, 5, vec![-1.0, 0.0, 0.0, 1.0, 2.0]),
    ] {
        let out = Array::out(dtype, &[n]);
        run(|w, e| aclnnLinspaceGetWorkspaceSize(ends[0].0, ends[1].0, n, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), want);
    }
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_BOOL] {
        let out = Array::out(dtype, &[3, 2]);
        run(|w, e| aclnnEyeGetWorkspaceSize(3, 2, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    }
    let out = Array::out(ACL_FLOAT, &[3, 2]);
    let wrong = run(|w, e| aclnnEyeGetWorkspaceSize(2, 3, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnEye", "out has shape [3, 2]; [2, 3]"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnLinspaceGetWorkspaceSize(ends[0].0, ends[1].0, -1, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnLinspace", "steps is -1"), ACLNN_ERR_PARAM_INVALID);
}

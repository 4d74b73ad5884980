//! Gradients of convolutions, from each product that the definition adds up.

use super::*;

/// Calls `each` with the places of an element of the input, of the weight and of the result that the input's and the weight's
/// product is added to.
fn products(case: &Case, mut each: impl FnMut(usize, usize, usize)) {
    let (dims, space) = (case.output(), case.space());
    let (of_input, of_output) = (case.input[1] / case.groups, dims[1] / case.groups);
    // Windows are the elements of the input of a transpose, and of the output otherwise.
    let windows = if case.transposed { case.input } else { &dims[..] };
    let places = if case.transposed { &dims[..] } else { case.input };
    by_index(windows, |window| {
        by_index(&case.weight[2..], |tap| {
            let place = (0..space).map(|d| window[2 + d] * case.stride[d] + tap[d] * case.dilation[d] - case.ends(d)[0]);
            let place: Vec<i64> = place.collect();
            let (in_group, others) = if case.transposed { (of_input, of_output) } else { (of_output, of_input) };
            for k in 0..others {
                let other = window[1] / in_group * others + k;
                let far: Vec<i64> = [window[0], other].into_iter().chain(place.iter().copied()).collect();
                if far.iter().zip(places).all(|(i, n)| (0..*n).contains(i)) {
                    let factor: Vec<i64> = [window[1], k].into_iter().chain(tap.iter().copied()).collect();
                    let (near, far) = (element(windows, window), element(places, &far));
                    let (input, output) = if case.transposed { (near, far) } else { (far, near) };
                    each(input, element(case.weight, &factor), output);
                }
            }
            0.0
        });
        0.0
    });
}

/// What a call gives for the gradients that the mask names, and what they must be.
struct Given {
    dtypes: [aclDataType; 3],
    math: i8,
    mask: [bool; 3],
}

fn gradients(case: &Case, given: Given) -> [Option<(Vec<f64>, Vec<f64>)>; 3] {
    let format = FORMATS[case.space() - 1];
    let dims = case.output();
    let [of_grad, of_input, of_weight] = given.dtypes;
    let (g, gs) = image(of_grad, format, &dims, noise(1));
    let (x, xs) = image(of_input, format, case.input, noise(2));
    let (w, ws) = image(of_weight, format, case.weight, noise(3));
    let outs = [room(of_input, format, case.input), room(of_weight, format, case.weight), Array::out(of_grad, &dims[1..2])];
    run(|size, e| {
        let ints = [case.stride, case.padding, case.dilation, case.grown, &dims[1..2]].map(Ints::new);
        let mask = Flags::new(&given.mask);
        let [s, p, d, o, b] = &ints;
        let out = |i: usize| if given.mask[i] { outs[i].handle() } else { std::ptr::null_mut() };
        aclnnConvolutionBackwardGetWorkspaceSize(
            g.handle(),
            x.handle(),
            w.handle(),
            b.0,
            s.0,
            p.0,
            d.0,
            case.transposed,
            o.0,
            case.groups as i32,
            mask.0,
            given.math,
            out(0),
            out(1),
            out(2),
            size,
            e,
        )
    })
    .unwrap();
    let (mut by_input, mut by_weight) = (vec![0.0; xs.len()], vec![0.0; ws.len()]);
    products(case, |input, weight, output| {
        by_input[input] += gs[output] * ws[weight];
        by_weight[weight] += gs[output] * xs[input];
    });
    let mut by_bias = vec![0.0; dims[1] as usize];
    by_index(&dims, |at| {
        by_bias[at[1] as usize] += gs[element(&dims, at)];
        0.0
    });
    let [a, b, c] = outs;
    let got = [read(of_input, &a), read(of_weight, &b), c.values()];
    let mut pairs = got.into_iter().zip([by_input, by_weight, by_bias]).zip(given.mask);
    std::array::from_fn(|_| {
        let ((mut got, want), named) = pairs.next().unwrap();
        got.truncate(want.len());
        named.then_some((got, want))
    })
}

#[track_caller]
fn all_close(found: [Option<(Vec<f64>, Vec<f64>)>; 3], relative: f64, absolute: f64) {
    for (got, want) in found.into_iter().flatten() {
        assert_close(&got, &want, relative, absolute);
    }
}

#[test]
fn gradients_of_convolutions_and_of_their_transposes() {
    let one_end_a_line = |case: &&Case| case.space() != 1 || case.padding.len() == 1;
    for case in CASES.iter().filter(one_end_a_line) {
        for (dtype, relative) in [(ACL_FLOAT, 2e-6), (ACL_BF16, 4e-3), (ACL_FLOAT16, 6e-4)] {
            for mask in [[true; 3], [true, false, false], [false, true, false], [false, false, true]] {
                all_close(gradients(case, Given { dtypes: [dtype; 3], math: 0, mask }), relative, 8e-6);
            }
        }
        // USE_HF32 may be finer than it asks for; USE_FP16 rounds what is read and what results, but for bf16.
        let with = |dtype, math| gradients(case, Given { dtypes: [dtype; 3], math, mask: [true; 3] });
        all_close(with(ACL_FLOAT, 3), 2e-6, 8e-6);
        let halves = with(ACL_FLOAT, 2);
        for (got, _) in halves.iter().take(2).flatten() {
            assert!(got.iter().all(|&v| half::f16::from_f64(v).to_f64() == v), "no result in f16");
        }
        all_close(halves, 2e-3, 2e-2);
        all_close(with(ACL_BF16, 2), 4e-3, 8e-6);
        // Each gradient is of its tensor's dtype.
        let mixed = Given { dtypes: [ACL_FLOAT, ACL_FLOAT16, ACL_BF16], math: 0, mask: [true; 3] };
        all_close(gradients(case, mixed), 4e-3, 8e-6);
    }
}

#[test]
fn large_gradients_go_to_several_threads() {
    let case = Case {
        input: &[2, 8, 60, 61],
        weight: &[8, 4, 3, 3],
        stride: &[1, 1],
        padding: &[1, 1],
        dilation: &[1, 1],
        grown: &[0, 0],
        groups: 2,
        transposed: false,
    };
    all_close(gradients(&case, Given { dtypes: [ACL_FLOAT; 3], math: 0, mask: [true; 3] }), 2e-6, 5e-5);
}

#[test]
fn no_image_gives_a_gradient_of_zeros() {
    let case = |transposed| Case {
        input: &[0, 2, 5],
        weight: &[2, 2, 3],
        stride: &[1],
        padding: &[0],
        dilation: &[1],
        grown: &[0],
        groups: 1,
        transposed,
    };
    for case in [case(false), case(true)] {
        all_close(gradients(&case, Given { dtypes: [ACL_FLOAT; 3], math: 0, mask: [true; 3] }), 0.0, 0.0);
    }
}

#[test]
fn refused_gradients() {
    struct Call {
        grad: [i64; 3],
        mask: &'static [bool],
        sizes: i64,
        math: i8,
        groups: i32,
        by_weight: [i64; 3],
    }
    const GOOD: Call = Call { grad: [1, 3, 4], mask: &[true; 3], sizes: 3, math: 0, groups: 1, by_weight: [3, 2, 2] };
    let call = |given: Call| {
        let format = ACL_FORMAT_NCL;
        let [g, x, w] = [given.grad, [1, 2, 5], [3, 2, 2]].map(|dims| room(ACL_FLOAT, format, &dims));
        let [dx, dw] = [[1, 2, 5], given.by_weight].map(|dims| room(ACL_FLOAT, format, &dims));
        let db = Array::out(ACL_FLOAT, &[3]);
        let ([one, zero, sizes], mask) = ([1, 0, given.sizes].map(|n| Ints::new(&[n])), Flags::new(given.mask));
        let (groups, math) = (given.groups, given.math);
        run(|ws, e| {
            let (g, x, w, dx, dw, db) = (g.handle(), x.handle(), w.handle(), dx.handle(), dw.handle(), db.handle());
            aclnnConvolutionBackwardGetWorkspaceSize(
                g, x, w, sizes.0, one.0, zero.0, one.0, false, zero.0, groups, mask.0, math, dx, dw, db, ws, e,
            )
        })
    };
    call(GOOD).unwrap();
    for (given, what) in [
        (Call { grad: [1, 3, 5], ..GOOD }, "gradOutput has shape [1, 3, 5]; [1, 3, 4] is needed"),
        (Call { mask: &[true; 2], ..GOOD }, "outputMask has 2 flags; 3 are needed"),
        (Call { sizes: 2, ..GOOD }, "biasSizes is [2]; [3] is needed"),
        (Call { math: 4, ..GOOD }, "cubeMathType is 4"),
        (Call { groups: 2, ..GOOD }, "groups is 2"),
        (Call { by_weight: [3, 2, 3], ..GOOD }, "gradWeight has shape [3, 2, 3]; [3, 2, 2] is needed"),
    ] {
        assert_eq!(refusal(call(given), "aclnnConvolutionBackward", what), ACLNN_ERR_PARAM_INVALID);
    }
}

//! Graphs: the same values as their operations one by one.

use ascend_rl::{DType, ErrorKind, atb};

use super::common::{stream, values};
use super::{empty, random};

#[test]
fn a_graph_gives_what_its_operations_give() {
    let s = stream();
    let context = atb::Context::new(&s).unwrap();
    let (hidden, wide) = (48, 80);
    let mut graph = context.graph("mlp_in", 4, 2);
    let ([x, residual, gamma, weight], [sum, y]) = (graph.inputs(), graph.outputs());
    let normed = graph.inner();
    graph.node(context.pre_norm(1e-6).unwrap(), &[x, residual, gamma], &[normed, sum]);
    graph.node(context.linear(true).unwrap(), &[normed, weight], &[y]);
    let mut graph = graph.build().unwrap();
    for rows in [3, 9] {
        let (x, residual) = (random(&s, 1, &[rows, hidden]), random(&s, 2, &[rows, hidden]));
        let (gamma, weight) = (random(&s, 3, &[hidden]), random(&s, 4, &[wide, hidden]));
        let inputs = [x.view(), residual.view(), gamma.view(), weight.view()];
        assert_eq!(graph.infer(&inputs).unwrap(), [(vec![rows, hidden], DType::BF16), (vec![rows, wide], DType::BF16)]);
        let (mut sum, mut y) = (empty(&s, &[rows, hidden]), empty(&s, &[rows, wide]));
        graph.run(&inputs, &mut [sum.view_mut(), y.view_mut()]).unwrap();
        let (mut normed, mut sum2, mut y2) = (empty(&s, &[rows, hidden]), empty(&s, &[rows, hidden]), empty(&s, &[rows, wide]));
        let mut norm = context.pre_norm(1e-6).unwrap();
        norm.run(x.view(), residual.view(), gamma.view(), normed.view_mut(), sum2.view_mut()).unwrap();
        context.linear(true).unwrap().run(normed.view(), weight.view(), y2.view_mut()).unwrap();
        assert_eq!(values(&s, &sum), values(&s, &sum2));
        assert_eq!(values(&s, &y), values(&s, &y2));
    }
}

#[test]
fn graphs_that_cannot_run_are_refused() {
    let s = stream();
    let context = atb::Context::new(&s).unwrap();
    let refused = |graph: atb::GraphBuilder<'_>, words: &str| {
        let error = graph.build().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert!(error.to_string().contains(words), "{error}");
    };
    let mut graph = context.graph("reads_nothing", 2, 1);
    let ([_, gamma], [y]) = (graph.inputs(), graph.outputs());
    let never = graph.inner();
    graph.node(context.rms_norm(1e-6).unwrap(), &[never, gamma], &[y]);
    refused(graph, "reads tensor 3, which no node before it writes");

    let mut graph = context.graph("one_input", 1, 1);
    let ([x], [y]) = (graph.inputs(), graph.outputs());
    graph.node(context.rms_norm(1e-6).unwrap(), &[x], &[y]);
    refused(graph, "node 0 has 1 inputs");

    refused(context.graph("no_output", 1, 1), "no node writes tensor 1");
    refused(context.graph("a name", 1, 0), "letters, digits and underscores");
    refused(context.graph("a\0b", 1, 0), "NUL");
}

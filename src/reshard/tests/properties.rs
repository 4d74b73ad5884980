//! Any two layouts: every element arrives once, nothing travels in vain, rounds are as few as they can be.

use super::layouts::Tape;
use super::oracle::{empty, fewest, filled, run};
use crate::reshard::Plan;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn every_element_arrives_once_and_the_fewest_travel(mut tape in Tape::any(), world in 1usize..6, extra in 0usize..40) {
        let tensors = tape.tensors();
        let (from, to) = (tape.source(&tensors, world), tape.destination(&tensors, world));
        let plan = Plan::new(&tensors, &from, &to).unwrap();
        let (src, want) = (filled(&tensors, &from), filled(&tensors, &to));
        let mut dst = empty(&want);
        let staging = world + extra;
        let rounds = run(&plan, staging, &src, &mut dst);
        prop_assert_eq!(dst, want);

        let brute = fewest(&tensors, &from, &to);
        let mut most = 0;
        for (rank, &fewest) in brute.iter().enumerate() {
            let traffic = plan.traffic(rank);
            prop_assert_eq!((traffic.received, plan.fewest_received(rank)), (fewest, fewest));
            most = most.max(traffic.sent.max(traffic.received));
        }
        prop_assert_eq!((plan.sent_elements(), plan.fewest_elements()), (brute.iter().sum(), brute.iter().sum()));
        // As few as staging allows, of which each peer may take an element for its rounding.
        prop_assert!(rounds as u64 <= most.div_ceil((staging + 1 - world) as u64), "{} rounds for {} of {}", rounds, most, staging);
    }

    #[test]
    fn a_plan_is_the_same_on_every_rank(mut tape in Tape::any(), world in 1usize..5) {
        let tensors = tape.tensors();
        let (from, to) = (tape.source(&tensors, world), tape.destination(&tensors, world));
        let (a, b) = (Plan::new(&tensors, &from, &to).unwrap(), Plan::new(&tensors, &from, &to).unwrap());
        prop_assert_eq!(&a.kept, &b.kept);
        for (a, b) in a.streams.iter().zip(&b.streams) {
            prop_assert_eq!(&a.strips, &b.strips);
        }
    }
}

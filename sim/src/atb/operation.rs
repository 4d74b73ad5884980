//! What every operation answers for.

use super::steps::Step;
use super::tensors::{Desc, Given};
use crate::reject::Outcome;

pub(super) trait Operation: Send + Sync {
    /// How many inputs and outputs.
    fn io(&self) -> (usize, usize);

    /// The outputs for inputs of this look, which are as many as [`Operation::io`] says. Checks the inputs.
    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>>;

    /// Bytes of scratch for inputs that [`Operation::infer`] took.
    fn workspace(&self, _inputs: &[Desc]) -> Outcome<usize> {
        Ok(0)
    }

    /// What to enqueue, with that scratch at an address. The outputs look as inferred. Must do nothing but plan.
    fn plan(&self, inputs: &[Given], outputs: &[Given], workspace: usize) -> Outcome<Vec<Step>>;
}

//! Tensors that are lent to another stream: [`Fork`] for tensors.

use super::{Tensor, View, ViewMut};
use crate::acl::Fork;
use crate::error::Result;

impl<'f> Fork<'f, '_> {
    /// A view that the other stream may read. This stream may read the tensor meanwhile.
    ///
    /// Errors: `WrongStream` if the tensor does not live on the forked stream.
    pub fn lend_tensor(&self, tensor: &'f Tensor) -> Result<View<'f>> {
        let mut view = tensor.view();
        view.storage.home = self.tag("the lent tensor", view.storage.home)?;
        Ok(view)
    }

    /// A view that the other stream may write.
    ///
    /// What was lent stays borrowed until the fork's closure has ended:
    /// ```compile_fail,E0499
    /// # use ascend_rl::{Result, Stream, Tensor};
    /// fn f(home: &Stream, other: &Stream, mut x: Tensor) -> Result<()> {
    ///     home.fork(other, |fork| {
    ///         drop(fork.lend_tensor_mut(&mut x)?);
    ///         x.view_mut();
    ///         Ok(())
    ///     })
    /// }
    /// ```
    /// Errors: `WrongStream` if the tensor does not live on the forked stream.
    pub fn lend_tensor_mut(&self, tensor: &'f mut Tensor) -> Result<ViewMut<'f>> {
        let mut view = tensor.view_mut();
        view.storage.home = self.tag("the lent tensor", view.storage.home)?;
        Ok(view)
    }
}

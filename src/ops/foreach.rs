//! Lists of tensors at once: what clipping gradients by their norm takes.

use super::call::{OutList, Scalar};
use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{Desc, DescList, View, ViewMut};

/// Most tensors of one call of CANN; more are several calls.
const MAX_LIST: usize = 48;

/// The 2-norm of each tensor: `norms[i] = sqrt(Σ xs[i]²)`.
///
/// Shapes: any; norms `[xs.len()]`. One float dtype for all of `xs` and `norms`. CANN: `aclnnForeachNorm` (8.1), in lists of at
/// most 48.
pub fn foreach_norm(s: &Stream, xs: &[View<'_>], norms: &mut ViewMut<'_>) -> Result<()> {
    const OP: &str = "foreach_norm";
    check::shape(OP, "norms", norms.shape(), &[xs.len()])?;
    for x in xs {
        check::dtype(OP, "xs", x.dtype(), FLOATS)?;
        check::dtype(OP, "xs", x.dtype(), &[norms.dtype()])?;
    }
    for (chunk, xs) in xs.chunks(MAX_LIST).enumerate() {
        let mut places = Vec::with_capacity(xs.len());
        let mut rest = norms.reborrow().narrow(0, chunk * MAX_LIST, xs.len())?;
        while rest.numel() > 1 {
            let (place, others) = rest.split_at(0, 1)?;
            places.push(place);
            rest = others;
        }
        places.push(rest);
        let inputs = xs.iter().map(|x| x.input(s, OP, "xs")).collect::<Result<Vec<Desc<'_>>>>()?;
        let outputs = places.iter().map(|p| p.output(s, OP, "norms")).collect::<Result<Vec<Desc<'_>>>>()?;
        let (inputs, outputs) = (DescList::new(s.api(), inputs)?, DescList::new(s.api(), outputs)?);
        aclnn!(s, aclnnForeachNorm(inputs, Scalar::float(s, 2.0), outputs))?;
    }
    Ok(())
}

/// Scales each tensor in place: `xs[i] *= factor`.
///
/// Shapes: any; one float dtype for all. CANN: `aclnnForeachMulScalarV2` (8.1), in lists of at most 48.
pub fn foreach_scale(s: &Stream, xs: &mut [ViewMut<'_>], factor: f64) -> Result<()> {
    const OP: &str = "foreach_scale";
    for x in xs.iter() {
        check::dtype(OP, "xs", x.dtype(), FLOATS)?;
        check::dtype(OP, "xs", x.dtype(), &[xs[0].dtype()])?;
    }
    for xs in xs.chunks(MAX_LIST) {
        let views: Vec<View<'_>> = xs.iter().map(|x| x.as_view()).collect();
        let inputs = views.iter().map(|x| x.input(s, OP, "xs")).collect::<Result<Vec<Desc<'_>>>>()?;
        let outputs = xs.iter().map(|x| x.output(s, OP, "xs")).collect::<Result<Vec<Desc<'_>>>>()?;
        let (inputs, outputs) = (DescList::new(s.api(), inputs)?, OutList(DescList::new(s.api(), outputs)?));
        aclnn!(s, aclnnForeachMulScalarV2(inputs, Scalar::float(s, factor), outputs))?;
    }
    Ok(())
}

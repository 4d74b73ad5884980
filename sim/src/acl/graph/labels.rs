//! Labels: places in the streams of a graph that is built, and tasks that go on there.
//!
//! Source: runtime, 10_label_management, and the runtime's `label.cc` (a label is in a list before it is set, and set once).

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, OnceLock, Weak};

use ascend_rl_sys::codes::ACL_ERROR_RT_MODEL_EXECUTE;
use ascend_rl_sys::types::*;

use super::flow::{Number, bound};
use super::{Graph, current, give, not_null};
use crate::graph::Place;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, Reject, check, reject};

/// Labels in a list.
const MOST_LABELS: usize = 65535;

static LABELS: Registry<Arc<Label>> = Registry::new(Kind::Label);
static LISTS: Registry<Arc<[Arc<Label>]>> = Registry::new(Kind::LabelList);

struct Label {
    context: usize,
    /// Whether a list has it.
    listed: AtomicBool,
    /// Where it was set.
    place: OnceLock<(Weak<Graph>, Place)>,
}

fn find(label: aclrtLabel) -> Outcome<Arc<Label>> {
    not_null("label", label)?;
    let Some(found) = LABELS.get(label as usize) else {
        reject!(ACL_ERROR_RT_INVALID_HANDLE, "label is not a live label: destroyed already, or never created")
    };
    check!(
        found.context == current()?.handle(),
        ACL_ERROR_RT_LABEL_CONTEXT,
        "label belongs to another context than the current one"
    );
    Ok(found)
}

pub(crate) fn aclrtCreateLabel(label: *mut aclrtLabel) -> Outcome {
    not_null("label", label)?;
    let context = current()?.handle();
    let made = Label { context, listed: AtomicBool::new(false), place: OnceLock::new() };
    give(label, LABELS.insert(Arc::new(made)) as aclrtLabel);
    Ok(())
}

/// Lists keep what they have.
pub(crate) fn aclrtDestroyLabel(label: aclrtLabel) -> Outcome {
    find(label)?;
    LABELS.remove(label as usize);
    Ok(())
}

pub(crate) fn aclrtSetLabel(label: aclrtLabel, stream: aclrtStream) -> Outcome {
    not_null("label", label)?;
    not_null("stream", stream)?;
    let label = find(label)?;
    let (graph, lane) = bound("stream", stream)?;
    check!(label.place.get().is_none(), ACL_ERROR_RT_INTERNAL_ERROR, "label was set before");
    check!(
        label.listed.load(SeqCst),
        ACL_ERROR_RT_INTERNAL_ERROR,
        "label is in no list: aclrtCreateLabelList comes before aclrtSetLabel"
    );
    let step = graph.label(lane)?;
    label.place.get_or_init(|| (Arc::downgrade(&graph), (lane, step)));
    Ok(())
}

pub(crate) fn aclrtCreateLabelList(labels: *mut aclrtLabel, num: usize, label_list: *mut aclrtLabelList) -> Outcome {
    not_null("labels", labels)?;
    not_null("labelList", label_list)?;
    check!((1..=MOST_LABELS).contains(&num), ACL_ERROR_RT_PARAM_INVALID, "num is {num}: 1 to {MOST_LABELS} are taken");
    // SAFETY: not null, and C's contract is `num` labels.
    let all: Vec<Arc<Label>> = (0..num).map(|i| find(unsafe { labels.add(i).read() })).collect::<Outcome<_>>()?;
    all.iter().for_each(|label| label.listed.store(true, SeqCst));
    give(label_list, LISTS.insert(all.into()) as aclrtLabelList);
    Ok(())
}

fn find_list(list: aclrtLabelList) -> Outcome<Arc<[Arc<Label>]>> {
    not_null("labelList", list)?;
    match LISTS.get(list as usize) {
        Some(found) => Ok(found),
        None => reject!(ACL_ERROR_RT_INVALID_HANDLE, "labelList is not a live list: destroyed already, or never created"),
    }
}

pub(crate) fn aclrtDestroyLabelList(label_list: aclrtLabelList) -> Outcome {
    find_list(label_list)?;
    LISTS.remove(label_list as usize);
    Ok(())
}

/// An index above the last is the last.
pub(crate) fn aclrtSwitchLabelByIndex(
    ptr: *mut c_void,
    max_value: u32,
    label_list: aclrtLabelList,
    stream: aclrtStream,
) -> Outcome {
    not_null("ptr", ptr)?;
    not_null("labelList", label_list)?;
    not_null("stream", stream)?;
    let labels = find_list(label_list)?;
    let (graph, lane) = bound("stream", stream)?;
    let most = labels.len();
    check!(
        (1..=most).contains(&(max_value as usize)),
        ACL_ERROR_RT_PARAM_INVALID,
        "maxValue is {max_value}, and labelList has {most} labels"
    );
    let (index, own) = (Number::find("ptr", ptr, 4)?, Arc::downgrade(&graph));
    let jump = move || {
        let at = (index.get() as u32).min(max_value - 1) as usize;
        match labels[at].place.get() {
            Some((graph, place)) if graph.ptr_eq(&own) => Ok(Some(*place)),
            set => Err(Reject {
                code: ACL_ERROR_RT_MODEL_EXECUTE,
                text: format!(
                    "aclrtSwitchLabelByIndex: label {at} {}",
                    if set.is_some() { "is in another graph" } else { "was never set (aclrtSetLabel)" }
                ),
            }),
        }
    };
    graph.jump(lane, "aclrtSwitchLabelByIndex", Arc::new(jump))
}

//! The names of the calls that a stream has queued since it was last known good.

use std::cell::Cell;

/// How many names are kept. An asynchronous failure surfaces late, but seldom more than a layer late.
const KEPT: usize = 16;

/// A ring of names. Part of a [`super::Stream`], hence of one thread at a time.
pub(super) struct Recent {
    names: [Cell<&'static str>; KEPT],
    count: Cell<usize>,
}

impl Recent {
    pub(super) fn new() -> Recent {
        Recent { names: [const { Cell::new("") }; KEPT], count: Cell::new(0) }
    }

    #[inline]
    pub(super) fn note(&self, call: &'static str) {
        let count = self.count.get();
        self.names[count % KEPT].set(call);
        self.count.set(count + 1);
    }

    /// After a good synchronise: nothing queued so far can fail any more.
    pub(super) fn clear(&self) {
        self.count.set(0);
    }

    pub(super) fn snapshot(&self) -> Calls {
        Calls { names: std::array::from_fn(|i| self.names[i].get()), count: self.count.get() }
    }
}

/// A copy of the ring at some moment.
#[derive(Clone, Copy)]
pub(super) struct Calls {
    names: [&'static str; KEPT],
    count: usize,
}

impl std::fmt::Display for Calls {
    /// "queued since the last good synchronise: 4 earlier, aclnnMm, aclnnAdd".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.count == 0 {
            return f.write_str("nothing was queued since the last good synchronise");
        }
        f.write_str("queued since the last good synchronise: ")?;
        let dropped = self.count.saturating_sub(KEPT);
        if dropped > 0 {
            write!(f, "{dropped} earlier, ")?;
        }
        for i in dropped..self.count {
            let comma = if i == dropped { "" } else { ", " };
            write!(f, "{comma}{}", self.names[i % KEPT])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sixteen_in_order() {
        let recent = Recent::new();
        assert!(recent.snapshot().to_string().starts_with("nothing"));
        recent.note("aclnnMm");
        recent.note("aclnnAdd");
        assert_eq!(recent.snapshot().to_string(), "queued since the last good synchronise: aclnnMm, aclnnAdd");
        for _ in 0..15 {
            recent.note("aclnnCast");
        }
        let text = recent.snapshot().to_string();
        assert!(text.contains(": 1 earlier, aclnnAdd, aclnnCast"), "{text}");
        assert_eq!(text.matches("aclnn").count(), 16);
        recent.clear();
        recent.note("aclnnExp");
        assert_eq!(recent.snapshot().to_string(), "queued since the last good synchronise: aclnnExp");
    }
}

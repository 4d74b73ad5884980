//! Dispatch and combine with a second communicator: two ranks with the same expert.

//! What dispatch and combine refuse, and what becomes of ranks that do not come or do not agree.

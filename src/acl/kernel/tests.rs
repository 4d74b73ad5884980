//! Misuse, and what the library says to it.

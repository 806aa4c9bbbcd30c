//! Configuration from every source.

//! What a client, or a target that turned against the edge, does to get two servers out of step.

mod answers;
mod requests;

//! What one client may take: bodies, time, connections, requests.

mod bodies;
mod connections;
mod requests;
mod times;
mod together;

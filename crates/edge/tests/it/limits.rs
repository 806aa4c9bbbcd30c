//! What one client may take: bodies, time, connections, requests.

mod as_nginx;
mod bodies;
mod connections;
mod requests;
mod times;
mod together;

//! What one client may take: bodies, time, connections, requests.

mod as_nginx;
mod bodies;
mod connections;
mod masked;
mod requests;
mod times;
mod together;

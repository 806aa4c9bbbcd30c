//! Worker threads: one single-threaded runtime a core, each with its own listening socket.

use std::net::SocketAddr;

use anyhow::Result;
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

/// Hands each connection to `serve`, on the thread that accepted it, until the process is killed.
pub(crate) fn run<S, F>(address: SocketAddr, serve: S) -> Result<()>
where
    S: Fn(TcpStream) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + 'static,
{
    let cores = std::thread::available_parallelism()?.get();
    let work = |_| {
        let (listener, serve) = (listener(address)?, serve.clone());
        Ok(std::thread::spawn(move || accept(listener, &serve)))
    };
    let workers: Result<Vec<_>> = (0..cores).map(work).collect();
    for worker in workers? {
        worker.join().expect("a worker does not panic")?;
    }
    Ok(())
}

fn listener(address: SocketAddr) -> Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

fn accept<S, F>(listener: std::net::TcpListener, serve: &S) -> Result<()>
where
    S: Fn(TcpStream) -> F,
    F: Future<Output = ()> + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let listener = TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            drop(stream.set_nodelay(true));
            tokio::task::spawn_local(serve(stream));
        }
    })
}

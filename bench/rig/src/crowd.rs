//! A crowd: many TLS connections that asked once and now stay open without a word.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const ASK: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\nUser-Agent: rig\r\n\r\n";

/// Opens the connections one after the other, says `ready`, and holds them until it is killed.
pub(crate) fn hold(address: SocketAddr, authority: &Path, connections: usize) -> Result<()> {
    let connector = connector(authority)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let crowd = runtime.block_on(async {
        let mut crowd = Vec::with_capacity(connections);
        for at in 0..connections {
            let member = member(address, &connector).await;
            crowd.push(member.with_context(|| format!("opening connection {at}"))?);
        }
        anyhow::Ok(crowd)
    })?;
    writeln!(std::io::stdout(), "ready")?;
    runtime.block_on(std::future::pending::<()>());
    drop(crowd);
    Ok(())
}

fn connector(authority: &Path) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(authority)? {
        roots.add(certificate?)?;
    }
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn member(address: SocketAddr, connector: &TlsConnector) -> Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let mut stream = connector
        .connect(ServerName::try_from("localhost")?, stream)
        .await?;
    stream.write_all(ASK).await?;
    let mut head = [0; 4096];
    let read = stream.read(&mut head).await?;
    ensure!(
        head[..read].starts_with(b"HTTP/1.1 200"),
        "the server refused the connection"
    );
    Ok(stream)
}

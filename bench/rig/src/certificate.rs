//! A throw-away certificate for localhost, of the kind that Pendopo makes for itself.

use std::path::Path;

use anyhow::{Context, Result};
use rcgen::generate_simple_self_signed;

/// Writes cert.pem and key.pem (ECDSA P-256) into a folder.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = generate_simple_self_signed(names)?;
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    };
    write("cert.pem", made.cert.pem())?;
    write("key.pem", made.signing_key.serialize_pem())
}

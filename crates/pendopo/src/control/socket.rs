//! The socket's place in the file system.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cli::RoleName;
use crate::data_dir::RUN;

/// The bound socket; its file goes when this does.
pub(crate) struct ControlSocket {
    /// Where it is found.
    path: PathBuf,
    /// Where it is until then: a server that is taken over from is found at the path as long as it serves.
    aside: PathBuf,
    /// Another server may have put its own in the place since.
    identity: (u64, u64),
    listener: UnixListener,
}

impl ControlSocket {
    /// Binds aside. The data directory is locked, so nobody else does.
    pub(crate) fn bind(data: &Path, role: RoleName) -> Result<Self> {
        let path = data.join(super::name(role));
        let aside = data.join(format!("{}.new", super::name(role)));
        let bound = || {
            let directory = data.join(RUN);
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700).create(directory)?;
            match fs::remove_file(&aside) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let listener = within_reach(&aside, |path| UnixListener::bind(path))?;
            listener.set_nonblocking(true)?;
            fs::set_permissions(&aside, Permissions::from_mode(0o600))?;
            Ok((listener, identity(&aside)?))
        };
        let (listener, identity) =
            bound().with_context(|| format!("can't make the control socket {}", path.display()))?;
        Ok(Self {
            path,
            aside,
            identity,
            listener,
        })
    }

    /// Puts it in the place of whatever an earlier server has there.
    pub(crate) fn publish(self) -> Result<Self> {
        fs::rename(&self.aside, &self.path)
            .with_context(|| format!("can't make the control socket {}", self.path.display()))?;
        Ok(self)
    }

    pub(super) fn listener(&self) -> io::Result<tokio::net::UnixListener> {
        tokio::net::UnixListener::from_std(self.listener.try_clone()?)
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        for path in [&self.aside, &self.path] {
            if identity(path).is_ok_and(|identity| identity == self.identity) {
                // Left behind it harms nobody: the next server puts its own in the place.
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// A connection to the server that plays this role with this data directory.
pub(super) fn connect(data: &Path, role: RoleName) -> io::Result<UnixStream> {
    within_reach(&data.join(super::name(role)), |path| {
        UnixStream::connect(path)
    })
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// A socket's path may have 107 bytes only; by way of its open directory it is always short enough.
fn within_reach<T>(path: &Path, reach: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = File::open(directory.unwrap_or(Path::new(".")))?;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let way = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd()));
    reach(&way.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_directory_has_a_socket_for_its_owner_alone_and_keeps_none() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("deep/".repeat(40));
        fs::create_dir_all(&data).unwrap();
        fs::create_dir(data.join("run")).unwrap();
        let path = data.join("run/edge.sock");
        fs::write(&path, "left by a server that was killed").unwrap();
        let first = ControlSocket::bind(&data, RoleName::Edge).unwrap();
        let first = first.publish().unwrap();
        connect(&data, RoleName::Edge).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        // One that never serves takes nothing away.
        drop(ControlSocket::bind(&data, RoleName::Edge).unwrap());
        connect(&data, RoleName::Edge).unwrap();
        let second = ControlSocket::bind(&data, RoleName::Edge).unwrap();
        let second = second.publish().unwrap();
        drop(first);
        connect(&data, RoleName::Edge).unwrap();
        drop(second);
        assert_eq!(fs::read_dir(data.join("run")).unwrap().count(), 0);
    }
}

//! Backups in a bucket that speaks S3: Amazon's, or one of `MinIO`, Garage or R2.

mod parts;

use std::error::Error;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lifecycle::Password;
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredential};
use object_store::path::Path as Key;
use object_store::{
    Certificate, ClientConfigKey, ClientOptions, CredentialProvider, ObjectStore, ObjectStoreExt,
    RetryConfig,
};
use secrecy::ExposeSecret;
use tokio::runtime::{self, Runtime};
use tokio::time::timeout;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use super::BackupError;
use super::found::Found;
use super::note::Summed;
use crate::archive::Stages;
use parts::Pace;

const CONNECT: Duration = Duration::from_secs(10);
/// What moves no more than a few kilobytes is done within this time, retries included.
const BRIEFLY: Duration = Duration::from_mins(1);
const RETRIES: usize = 5;

/// How a bucket is reached.
#[derive(Debug, Clone)]
pub struct BucketAccess {
    /// The server, if it is not Amazon's; for example `https://s3.sekolah.example`.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// The name of the key; without one the machine's own role at Amazon is asked for.
    pub key_id: Option<String>,
    /// The key.
    pub key: Password,
    /// A PEM file with the authorities of the server's certificate; without one, the public ones.
    pub ca_file: Option<PathBuf>,
}

/// A key and its name, for the signature of each request.
#[derive(Debug)]
struct Keys {
    id: String,
    key: Password,
}

#[async_trait]
impl CredentialProvider for Keys {
    type Credential = AwsCredential;

    /// As it is now: what a file holds may have changed since the last request.
    async fn get_credential(&self) -> Result<Arc<AwsCredential>, object_store::Error> {
        let key = self.key.read().map_err(own)?.unwrap_or_default();
        Ok(Arc::new(AwsCredential {
            key_id: self.id.clone(),
            secret_key: key.expose_secret().to_owned(),
            token: None,
        }))
    }
}

/// A bucket, or a part of one below a prefix.
#[derive(Clone)]
pub struct Bucket {
    url: String,
    prefix: Key,
    pace: Pace,
    store: Arc<AmazonS3>,
    /// Requests are waited for on the thread that asks.
    runtime: Arc<Runtime>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl Bucket {
    /// The bucket of a URL such as `s3://bucket/prefix`; nothing is asked of it yet.
    pub fn new(url: &str, access: &BucketAccess) -> Result<Self, BackupError> {
        Self::at_pace(url, access, Pace::USUAL)
    }

    fn at_pace(url: &str, access: &BucketAccess, pace: Pace) -> Result<Self, BackupError> {
        let wrong = |what: String| BackupError::Bucket {
            url: url.to_owned(),
            what,
        };
        let path = url.strip_prefix("s3://").unwrap_or(url);
        let (name, prefix) = path.split_once('/').unwrap_or((path, ""));
        let retry = RetryConfig {
            max_retries: RETRIES,
            // A part that was not moved in time is tried once more.
            retry_timeout: 2 * pace.request,
            ..RetryConfig::default()
        };
        let is_plain = |endpoint: &String| endpoint.starts_with("http://");
        let client = ClientOptions::new()
            .with_allow_http(access.endpoint.as_ref().is_some_and(is_plain))
            .with_connect_timeout(CONNECT)
            .with_timeout(pace.request);
        let client = trusting(client, access.ca_file.as_deref()).map_err(wrong)?;
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(name)
            .with_region(&access.region)
            .with_client_options(client)
            .with_retry(retry);
        if let Some(endpoint) = &access.endpoint {
            builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
        }
        if let Some(id) = access.key_id.as_ref().filter(|_| access.key.is_given()) {
            builder = builder.with_credentials(Arc::new(Keys {
                id: id.clone(),
                key: access.key.clone(),
            }));
        }
        let store = builder.build().map_err(|error| wrong(error.to_string()))?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            prefix: Key::from(prefix),
            pace,
            store: Arc::new(store),
            runtime: Arc::new(runtime.map_err(|error| wrong(error.to_string()))?),
        })
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn key(&self, name: &str) -> Key {
        self.prefix.clone().join(name)
    }

    fn wait<T>(
        &self,
        asking: impl Future<Output = Result<T, object_store::Error>>,
    ) -> Result<T, BackupError> {
        let answered = self.runtime.block_on(asking);
        answered.map_err(|error| self.fault(&error))
    }

    /// For what a bucket that is there does at once.
    fn wait_briefly<T>(
        &self,
        asking: impl Future<Output = Result<T, object_store::Error>>,
    ) -> Result<T, BackupError> {
        self.wait(async {
            let answered = timeout(BRIEFLY, asking).await;
            answered.unwrap_or_else(|_| Err(own(io::Error::other("no answer within a minute"))))
        })
    }

    fn fault(&self, error: &object_store::Error) -> BackupError {
        BackupError::Bucket {
            url: self.url.clone(),
            what: told(error),
        }
    }

    pub(super) fn list(&self) -> Result<Vec<Found>, BackupError> {
        let listed = self.wait_briefly(self.store.list_with_delimiter(Some(&self.prefix)))?;
        let found = listed.objects.into_iter().filter_map(|object| {
            Some(Found {
                name: object.location.filename()?.to_owned(),
                size: object.size,
            })
        });
        Ok(found.collect())
    }

    /// Sends a file, in parts if it is large; it is there as a whole or not at all.
    pub(super) fn put(
        &self,
        file: &Path,
        name: &str,
        progress: Stages<'_>,
    ) -> Result<(), BackupError> {
        let key = self.key(name);
        self.wait(parts::send(&self.store, self.pace, (file, &key), progress))
    }

    /// Length and digest of what comes back.
    pub(super) fn sum(
        &self,
        name: &str,
        progress: Stages<'_>,
    ) -> Result<(u64, String), BackupError> {
        let mut summed = Summed::new(io::sink());
        let into = (&self.key(name), &mut summed as &mut dyn Write);
        self.wait(parts::fetch(&self.store, self.pace, into, progress))?;
        summed
            .finish()
            .map_err(|cause| BackupError::file(Path::new(name), cause))
    }

    pub(super) fn get(
        &self,
        name: &str,
        path: &Path,
        progress: Stages<'_>,
    ) -> Result<(), BackupError> {
        let fail = |cause| BackupError::file(path, cause);
        let mut file = File::create_new(path).map_err(fail)?;
        let into = (&self.key(name), &mut file as &mut dyn Write);
        let fetching = parts::fetch(&self.store, self.pace, into, progress);
        match self.runtime.block_on(fetching) {
            // It may be the bucket that is not there: then that is told.
            Err(object_store::Error::NotFound { .. }) => self
                .list()
                .and_then(|_| Err(BackupError::Missing(name.to_owned()))),
            Err(error) => Err(self.fault(&error)),
            Ok(()) => file.sync_all().map_err(fail),
        }
    }

    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<(), BackupError> {
        let key = self.key(name);
        self.wait_briefly(self.store.put(&key, content.to_vec().into()))
            .map(drop)
    }

    /// A small object; `None` if there is none.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, BackupError> {
        let key = self.key(name);
        self.wait_briefly(async {
            match self.store.get(&key).await {
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                found => Ok(Some(Vec::from(found?.bytes().await?))),
            }
        })
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), BackupError> {
        self.wait_briefly(self.store.delete(&self.key(name)))
    }
}

/// An error of this machine's own, in the words of the library.
fn own(error: io::Error) -> object_store::Error {
    object_store::Error::Generic {
        store: "file",
        source: Box::new(error),
    }
}

/// The error with its deepest cause, such as a certificate that nobody vouches for, which the outer ones leave out.
fn told(error: &object_store::Error) -> String {
    let text = error.to_string();
    let causes = iter::successors(error.source(), |cause| (*cause).source());
    match causes.last().map(ToString::to_string) {
        Some(cause) if !text.contains(&cause) => format!("{text}: {cause}"),
        _ => text,
    }
}

/// The public authorities are in the binary, since an image of nothing else has none; a file of one's own takes the
/// place of them all.
fn trusting(client: ClientOptions, ca_file: Option<&Path>) -> Result<ClientOptions, String> {
    let Some(file) = ca_file else {
        let roots = TLS_SERVER_ROOT_CERTS.iter();
        return roots
            .map(|root| Certificate::from_der(root))
            .try_fold(client, |client, root| {
                Ok(client.with_root_certificate(root?))
            })
            .map_err(|error: object_store::Error| error.to_string());
    };
    let wrong = |what: String| {
        format!(
            "can't use `backup.ca_file` {}: {what}; name a PEM file with the authority's certificate",
            file.display()
        )
    };
    let text = fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let roots = Certificate::from_pem_bundle(&text).map_err(|error| wrong(error.to_string()))?;
    if roots.is_empty() {
        return Err(wrong("it holds no certificate".to_owned()));
    }
    let client = client.with_config(ClientConfigKey::NoSystemCertificates, "true");
    Ok(roots
        .into_iter()
        .fold(client, ClientOptions::with_root_certificate))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one of a server that asks for no key.
    pub(super) fn bucket_at(endpoint: &str, pace: Pace) -> Bucket {
        let access = BucketAccess {
            endpoint: Some(endpoint.to_owned()),
            region: "us-east-1".to_owned(),
            key_id: Some("school".to_owned()),
            key: Password::plain("a-key-for-tests".to_owned().into()),
            ca_file: None,
        };
        Bucket::at_pace("s3://school/backups", &access, pace).unwrap()
    }

    #[test]
    fn a_key_that_changes_in_its_file_is_used_for_the_next_request() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        let keys = Keys {
            id: "school".to_owned(),
            key: Password::in_file(file.clone()),
        };
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        let key = || runtime.block_on(keys.get_credential());
        let missing = key().unwrap_err().to_string();
        assert!(missing.contains("can't read"), "{missing}");
        for written in ["first", "second"] {
            fs::write(&file, format!("{written}\n")).unwrap();
            assert_eq!(key().unwrap().secret_key, written);
        }
    }
}

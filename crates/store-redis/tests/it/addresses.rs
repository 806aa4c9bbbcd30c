//! The ways to a server: with a password, over TLS with certificates of both sides, by sentinels, to a cluster.

use std::fs;
use std::path::Path;

use lifecycle::Password;
use school::StoreError;
use school::stores::StoreHealth;
use store_redis::Redis;
use tempfile::TempDir;
use testkit::Authority;
use testkit::redis::Server;

use crate::house::{Process, at, until};
use crate::person::{add, ask, hash, sign_in, texts};

const SECRET: &str = "rahasia sekali";

/// Everything that is kept there, once.
async fn must_serve(redis: Redis, directory: &Path) {
    let process = Process::of(redis, directory).await;
    let ani = add(&process.stores, "Ani").await;
    sign_in(&process.stores, &ani, 1).await.unwrap();
    assert!(
        process
            .stores
            .sessions
            .find(hash(1))
            .await
            .unwrap()
            .is_some()
    );
    ask(&process.stores, "Halo").await.unwrap();
    assert!(ask(&process.stores, "Halo").await.unwrap().is_repeated());
    assert_eq!(texts(&process.stores).await, ["Halo"]);
    let levels = process.redis.levels();
    until("levels are counted", async || {
        levels.count(&[]).await.is_ok()
    })
    .await;
}

async fn refusal(redis: &Redis) -> String {
    redis.check().await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_password_is_read_from_its_file_at_each_connection() {
    let server = Server::with(&[("requirepass", &format!("\"{SECRET}\""))]);
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("password");
    let told = refusal(&at(&server.url())).await;
    assert!(told.contains("_password_file"), "{told}");
    let redis = Redis::at(
        server.url().parse().unwrap(),
        Password::in_file(file.clone()),
    );
    assert!(refusal(&redis).await.contains("can't read"));
    fs::write(&file, "salah\n").unwrap();
    until("the wrong password is told of", async || {
        refusal(&redis)
            .await
            .contains("refuses the user or the password")
    })
    .await;
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    until("the right one is taken", async || {
        redis.check().await.is_ok()
    })
    .await;
    must_serve(redis, directory.path()).await;
}

#[tokio::test]
async fn a_user_has_the_rights_that_the_server_gave_them() {
    let server = Server::with(&[(
        "user",
        &format!("ani on >{} ~{{pendopo}}:* &{{pendopo}}:* +@all", "x"),
    )]);
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("password");
    fs::write(&file, "x").unwrap();
    let url = server.url().replace("redis://", "redis://ani@");
    must_serve(
        Redis::at(url.parse().unwrap(), Password::in_file(file)),
        directory.path(),
    )
    .await;
}

/// A server that speaks TLS alone and asks for a certificate, and what its clients need.
struct Encrypted {
    server: Server,
    files: TempDir,
}

impl Encrypted {
    fn new(name: &str) -> Self {
        let files = TempDir::new().unwrap();
        let authority = Authority::default();
        let (certificate, key) = authority.issue(files.path(), &[name]);
        let root = authority.root(files.path());
        let text = |path: &Path| path.display().to_string();
        let server = Server::with(&[
            ("port", "0"),
            ("tls-port", "PORT"),
            ("tls-cert-file", &text(&certificate)),
            ("tls-key-file", &text(&key)),
            ("tls-ca-cert-file", &text(&root)),
            ("tls-auth-clients", "yes"),
        ]);
        Self { server, files }
    }

    /// The same authority's: the server's serves as a client's as well.
    fn own(&self) -> String {
        let directory = self.files.path().display();
        format!("cert_file={directory}/certificate.pem&key_file={directory}/certificate.key")
    }

    fn url(&self, options: &str) -> String {
        let root = self.files.path().join("root.pem").display().to_string();
        let options = options.replace("ROOT", &root).replace("OWN", &self.own());
        format!("rediss://{}?{options}", self.server.address())
    }
}

#[tokio::test]
async fn both_sides_prove_who_they_are() {
    let (server, stranger) = (Encrypted::new("127.0.0.1"), Encrypted::new("127.0.0.1"));
    let elsewhere = Encrypted::new("elsewhere.example");
    let directory = TempDir::new().unwrap();
    must_serve(at(&server.url("ca_file=ROOT&OWN")), directory.path()).await;
    for bad in [
        server.url("OWN"),
        server.url("ca_file=ROOT"),
        elsewhere.url("ca_file=ROOT&OWN"),
        server.url("ca_file=ROOT&OWN").replace(
            &server.files.path().join("root.pem").display().to_string(),
            &stranger.files.path().join("root.pem").display().to_string(),
        ),
        server.url("").replace("rediss", "redis").replace('?', ""),
    ] {
        let refused = at(&bad).check().await;
        assert!(
            matches!(refused, Err(StoreError::Unavailable(_))),
            "{bad}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn sentinels_say_which_server_is_in_charge() {
    let server = Server::default();
    let sentinel = Server::sentinel("sekolah", server.address());
    let directory = TempDir::new().unwrap();
    let url = format!("redis-sentinel://{}/sekolah", sentinel.address());
    must_serve(at(&url), directory.path()).await;
    let unknown = at(&url.replace("sekolah", "kantor"));
    assert!(matches!(
        unknown.check().await,
        Err(StoreError::Unavailable(_))
    ));
}

#[tokio::test]
async fn a_cluster_keeps_all_on_the_node_that_is_to_have_it() {
    let server = Server::with(&[("cluster-enabled", "yes")]);
    let said = server.run("CLUSTER ADDSLOTSRANGE 0 16383");
    assert!(said.starts_with("+OK"), "{said}");
    until("the cluster is well", async || {
        server.run("CLUSTER INFO").contains("cluster_state:ok")
    })
    .await;
    let directory = TempDir::new().unwrap();
    let url = server.url().replace("redis://", "redis-cluster://");
    must_serve(at(&url), directory.path()).await;
}

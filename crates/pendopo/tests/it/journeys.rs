//! What people do with Pendopo, in a real browser against the real binary over HTTPS.
//!
//! Each journey starts a server with a school of its own and a Chromium of its own. On the way it looks at every
//! page with the accessibility rules of axe-core, light and dark, and leaves pictures in `target/screenshots`.
//! `chromium`, `chromedriver` and axe-core must be there: `cargo xtask test` brings them.

mod accessibility;
mod account;
mod administration;
mod browser;
mod driver;
mod first_sign_in;
mod pupil;
mod screenshot;
mod server;
mod visitor;
mod webdriver;

//! Redis: one server that keeps the messages of both contenders, each under its own key.

use std::process::Command;

use anyhow::{Context, Result};

use super::postgres::contender;
use super::runner::{Place, as_user};
use crate::bench::contender::{accepts, free_address};
use crate::bench::load::Part;
use crate::bench::process::Process;
use crate::bench::round::{self, Figure};
use crate::bench::wrk::Request;
use crate::bench::{Bench, pendopo, seed};
use crate::program::{output, say};
use crate::tools;

/// Fifty messages as Pendopo keeps them.
const FILL: &str = "for at = 1, 50 do redis.call('XADD', '{pendopo}:messages', '0-' .. at, 'message', \
    'Selamat pagi, kelas ' .. at .. '!', 'at', tostring(1790000000) .. string.format('%06d', at), 'name', 'Budi') end";

/// The message page on both contenders.
pub(super) fn figures(bench: &Bench) -> Result<Vec<Figure>> {
    tools::debian(&[
        ("redis-server", "redis-server"),
        ("redis-cli", "redis-tools"),
    ])?;
    say("── starting Redis");
    let place = Place::of("redis")?;
    let address = free_address()?;
    let program = tools::program("redis-server").context("redis-server is missing")?;
    let mut command = as_user("redis", &program);
    let port = address.port().to_string();
    command.args([
        "--bind",
        "127.0.0.1",
        "--port",
        &port,
        "--appendonly",
        "yes",
        "--dir",
    ]);
    let mut server = Process::start(command.arg(place.path()), &bench.place.join("redis.log"))?;
    server.wait_until(|_| accepts(address))?;
    let fill = ["-p", &port, "EVAL", FILL, "0"];
    output(Command::new("redis-cli").args(fill))?;
    let data = seed::Data {
        database: format!("sqlite:///{}/seed.sqlite", bench.place.display()),
        redis: Some(format!("redis://{address}/0")),
    };
    let seeds = seed::start_on(bench, bench.folder("seed-redis")?, &data)?;
    let messages = format!("store.messages=redis://{address}/0");
    let ours = pendopo::launch(bench, &bench.folder("pendopo-redis")?, &[messages])?;
    let page = |url: String| vec![(Part::RedisPage, Request::get(url))];
    let (seed_page, our_page) = (page(seeds.secure_url("/")?), page(ours.secure_url("/")?));
    let contenders = [
        contender(seed::KIND.name, seeds, seed_page),
        contender(pendopo::KIND.name, ours, our_page),
    ];
    round::one(bench, &contenders, Part::RedisPage)
}

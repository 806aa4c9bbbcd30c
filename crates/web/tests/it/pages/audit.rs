//! `/admin/audit`: the trail, and whether it is whole.

use super::{Browse, holds, lacks, next};
use crate::support::School;

#[tokio::test]
async fn a_change_is_told_in_the_readers_words() {
    let school = School::open().await;
    let admin = school.by_session(&school.admin).await;
    let fields = [
        ("first_name", "Mei"),
        ("last_name", "<b>"),
        ("username", "mei.test"),
        ("role", "staff"),
        ("version", "1"),
    ];
    admin.submit("/admin/users/3", &fields).await;
    let page = admin.look("/admin/audit").await;
    holds(
        &page,
        &[
            "User 3 changed",
            "<a href=\"/admin/users/1\">User 1</a>",
            "192.0.2.1",
            "Last name: <del>Test</del> → <ins>&#60;b&#62;</ins>",
            "Role: <del>Member</del> → <ins>Staff</ins>",
            "Server console",
        ],
    );
    let page = admin.look("/admin/audit?lang=id").await;
    holds(
        &page,
        &[
            "Pengguna 3 diubah",
            "Peran: <del>Anggota</del> → <ins>Staf</ins>",
            "Konsol server",
        ],
    );
}

#[tokio::test]
async fn a_walk_over_the_older_pages_meets_each_entry_once() {
    let school = School::open().await;
    for number in 0..60 {
        school
            .add(&format!("Anak{number}"), school::Role::Member)
            .await;
    }
    let admin = school.by_session(&school.admin).await;
    let entries = school.trail().await.len();
    let (mut path, mut met) = ("/admin/audit".to_owned(), Vec::new());
    loop {
        let page = admin.look(&path).await;
        let rows = page.text().split("<tr><th scope=\"row\">").skip(1);
        met.extend(rows.map(|row| row.split('<').next().unwrap().parse::<usize>().unwrap()));
        let Some(older) = next(&page) else {
            break;
        };
        path = older;
    }
    assert_eq!(met, (1..=entries).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn the_trail_is_verified_on_demand() {
    let school = School::open().await;
    let admin = school.by_session(&school.admin).await;
    lacks(&admin.look("/admin/audit").await, &["there and unchanged"]);
    let page = admin.submit("/admin/audit", &[]).await.expect(200);
    let entries = school.trail().await.len();
    holds(
        &page,
        &[&format!("All {entries} entries are there and unchanged.")],
    );
}

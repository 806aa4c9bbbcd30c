//! `/`: the message board.

use school::Actor;
use school::Limit;
use school::messages::{self, MessageInput, Posting};

use super::{Browse, holds, lacks, leads_to, next};
use crate::support::School;

async fn post(school: &School, text: &str, name: Option<&str>) {
    let input = MessageInput {
        message: text.to_owned(),
        name: name.map(str::to_owned),
    };
    let (visitor, now) = (Actor::visitor(None, None), school.clock.now());
    let posted = messages::post(
        &school.stores,
        &visitor,
        Posting::Open,
        input.check().unwrap(),
        None,
        now,
    );
    posted.await.unwrap();
}

#[tokio::test]
async fn a_posted_message_is_shown_with_its_lines_and_its_author() {
    let school = School::open().await;
    let visitor = school.anonymous();
    let posted = visitor
        .submit(
            "/",
            &[
                ("message", "  satu\r\n\r\n  dua 🙏 "),
                ("name", "Ibu Ratna"),
            ],
        )
        .await;
    leads_to(&posted, "/");
    let page = visitor.look("/").await;
    holds(
        &page,
        &[
            "<b>Ibu Ratna</b>",
            "<p>satu\n\n  dua 🙏</p>",
            "<time datetime=\"2026-11-20T12:00+00:00\">",
        ],
    );
}

#[tokio::test]
async fn a_name_may_be_left_out() {
    let school = School::open().await;
    leads_to(
        &school.anonymous().submit("/", &[("message", "halo")]).await,
        "/",
    );
    leads_to(
        &school
            .anonymous()
            .submit("/", &[("message", "hai"), ("name", " ")])
            .await,
        "/",
    );
    let page = school.anonymous().look("/").await;
    assert_eq!(page.text().matches("<b>No name</b>").count(), 2);
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept() {
    let school = School::open().await;
    let long = "x".repeat(1001);
    let refused = school
        .anonymous()
        .submit("/", &[("message", &long), ("name", "Ani \"A\"\u{7}")])
        .await;
    assert_eq!(refused.status, 422);
    holds(
        &refused,
        &[
            "aria-describedby=\"message-fault message-hint\"",
            "<span class=\"fault\" id=\"message-fault\">This is too long.</span>",
            "<span class=\"fault\" id=\"name-fault\">",
            &long,
            "value=\"Ani &#34;A&#34;\u{7}\"",
        ],
    );
    let empty = school.anonymous().submit("/", &[]).await;
    assert_eq!(empty.status, 422);
    holds(&empty, &["Please fill this in."]);
    assert!(
        school
            .trail()
            .await
            .iter()
            .all(|action| action != "message.post")
    );
}

#[tokio::test]
async fn a_walk_over_the_older_pages_meets_each_message_once() {
    let school = School::open().await;
    for number in 0..120 {
        post(&school, &format!("pesan ke-{number}."), None).await;
    }
    let mut path = "/".to_owned();
    let mut met = Vec::new();
    loop {
        let page = school.anonymous().look(&path).await;
        let texts = page.text().split("<p>pesan ke-").skip(1);
        met.extend(texts.map(|rest| rest.split('.').next().unwrap().parse::<u32>().unwrap()));
        post(&school, "yang baru", None).await;
        let Some(older) = next(&page) else {
            break;
        };
        path = older;
    }
    assert_eq!(met, (0..120).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn long_messages_make_a_shorter_page_and_none_is_lost() {
    let school = School::open().await;
    for _ in 0..50 {
        post(&school, &"<".repeat(1000), Some("&&&&")).await;
    }
    let staff = school.by_session(&school.staff).await;
    let (mut path, mut met) = ("/".to_owned(), 0);
    loop {
        let page = staff.look(&path).await;
        assert!(page.body.len() < 30_000, "{} bytes", page.body.len());
        met += page.text().matches("<li><header>").count();
        let Some(older) = next(&page) else {
            break;
        };
        path = older;
    }
    assert_eq!(met, 50);
}

#[tokio::test]
async fn fifty_usual_messages_stay_under_thirty_kilobytes_even_for_staff() {
    let school = School::open().await;
    for _ in 0..50 {
        post(
            &school,
            &"Rapat hari Sabtu, mohon hadir. ".repeat(4),
            Some("Ibu Ratna"),
        )
        .await;
    }
    for caller in [school.anonymous(), school.by_session(&school.staff).await] {
        let page = caller.look("/").await;
        assert!(page.body.len() < 30_000, "{} bytes", page.body.len());
        assert_eq!(page.text().matches("<li><header>").count(), 50);
    }
}

#[tokio::test]
async fn staff_take_a_message_down_and_nobody_else_sees_how() {
    let school = School::open().await;
    post(&school, "tidak pantas", None).await;
    let staff = school.by_session(&school.staff).await;
    for caller in [school.anonymous(), school.by_session(&school.member).await] {
        lacks(&caller.look("/").await, &["/remove"]);
    }
    holds(
        &staff.look("/").await,
        &["action=\"/messages/1/remove\"", "aria-label=\"Remove #1\""],
    );
    assert_eq!(
        school
            .by_session(&school.member)
            .await
            .submit("/messages/1/remove", &[])
            .await
            .status,
        403
    );
    leads_to(
        &school.anonymous().submit("/messages/1/remove", &[]).await,
        "/login",
    );
    leads_to(
        &staff.submit("/messages/1/remove", &[]).await,
        "/?done=removed",
    );
    let page = staff.look("/?done=removed").await;
    holds(&page, &["The message was removed."]);
    lacks(&page, &["tidak pantas"]);
    assert_eq!(staff.submit("/messages/1/remove", &[]).await.status, 404);
}

#[tokio::test]
async fn where_posting_is_closed_a_visitor_is_told_to_sign_in() {
    let school = School::with(|app| app.config.posting = Posting::SignedIn).await;
    let page = school.anonymous().look("/").await;
    lacks(&page, &["<textarea"]);
    holds(
        &page,
        &[
            "Only those who have signed in can post here.",
            "href=\"/login?next=/\"",
        ],
    );
    assert_eq!(
        school
            .anonymous()
            .submit("/", &[("message", "x")])
            .await
            .status,
        401
    );
    let member = school.by_session(&school.member).await;
    holds(
        &member.look("/").await,
        &["<textarea", "value=\"Mei Test\""],
    );
    leads_to(&member.submit("/", &[("message", "x")]).await, "/");
}

#[tokio::test]
async fn who_posts_too_often_is_told_when_to_come_back_and_keeps_what_was_typed() {
    let school = School::with(|app| app.config.limit.messages.burst = 1).await;
    let visitor = school.anonymous();
    for _ in 0..2 {
        leads_to(&visitor.submit("/", &[("message", "halo")]).await, "/");
    }
    let refused = visitor.submit("/", &[("message", "sekali lagi")]).await;
    assert_eq!(refused.status, 429);
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    holds(
        &refused,
        &[
            ">sekali lagi</textarea>".trim_start_matches('>'),
            &format!("try again in {seconds} seconds"),
        ],
    );
    leads_to(
        &visitor
            .clone()
            .from("192.0.2.99", true)
            .submit("/", &[("message", "halo")])
            .await,
        "/",
    );
    let found = messages::list(&school.stores, None, Limit::default())
        .await
        .unwrap();
    assert_eq!(found.rows.len(), 3);
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused_in_words() {
    let school = School::open().await;
    let refused = school
        .anonymous()
        .header("accept", "text/html")
        .get("/?cursor=AAAA")
        .await
        .expect(400);
    holds(&refused, &["That place in the list is gone"]);
}

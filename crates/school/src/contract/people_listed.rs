//! Lists of people: pages, totals, walks and searches.
#![expect(
    missing_docs,
    reason = "each function's name is the sentence it proves"
)]

use crate::contract::crowd::{CROWD, crowd};
use crate::contract::sample::{add, ids, list, person, remove, total, update, with_email};
use crate::page::Start;
use crate::people::{Person, PersonId};
use crate::stores::Stores;

async fn add_many(stores: &Stores, how_many: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..how_many {
        people.push(add(stores, &person(&format!("Murid {number}"))).await);
    }
    people
}

pub async fn pages_come_by_id_and_with_the_total(stores: &Stores) {
    let empty = list(stores, None, Start::Offset(0), 10).await;
    assert_eq!(
        (empty.rows.len(), empty.has_more, empty.total),
        (0, false, Some(0))
    );
    let people = add_many(stores, 25).await;
    for (skipped, rows) in [(0, 10), (10, 10), (20, 10), (24, 1), (25, 1), (5_000, 200)] {
        let page = list(stores, None, Start::Offset(skipped), rows).await;
        let start = people
            .len()
            .min(usize::try_from(skipped).unwrap_or(usize::MAX));
        let end = people
            .len()
            .min(start + usize::try_from(rows).unwrap_or(usize::MAX));
        assert_eq!(page.rows, people[start..end], "offset {skipped}");
        assert_eq!(page.has_more, end < people.len(), "offset {skipped}");
        assert_eq!(page.total, Some(25), "offset {skipped}");
    }
    let page = list(stores, None, Start::After(people[4].id), 3).await;
    assert_eq!(page.rows, people[5..8]);
    assert_eq!((page.has_more, page.total), (true, Some(25)));
    remove(stores, &people[6])
        .await
        .expect("the version is right");
    let page = list(stores, None, Start::After(people[5].id), 2).await;
    assert_eq!(page.rows, people[7..9]);
    assert_eq!(page.total, Some(24));
    let end = list(stores, None, Start::After(i64::MAX), 2).await;
    assert_eq!(
        (end.rows.len(), end.has_more, end.total),
        (0, false, Some(24))
    );
}

pub async fn a_walk_meets_each_row_once_while_others_come_and_go(stores: &Stores) {
    let people = add_many(stores, 60).await;
    // Every third person leaves during the walk; the others must be met once each.
    let (leaving, staying): (Vec<_>, Vec<_>) = people
        .into_iter()
        .enumerate()
        .partition(|(index, _)| index % 3 == 0);
    let churn = async {
        for (_, person) in &leaving {
            remove(stores, person).await.expect("the version is right");
            add(stores, &crate::contract::sample::person("Baru")).await;
        }
    };
    let (met, ()) = tokio::join!(walk(stores, 7), churn);
    let mut once = met.clone();
    once.dedup();
    assert_eq!(met, once, "nobody is met twice, and ids ascend");
    for (_, person) in staying {
        assert!(met.contains(&person.id), "{} was missed", person.id);
    }
    assert_eq!(total(stores).await, Some(60));
}

async fn walk(stores: &Stores, rows: u64) -> Vec<PersonId> {
    let (mut met, mut after) = (Vec::new(), 0);
    loop {
        let page = list(stores, None, Start::After(after), rows).await;
        assert!(page.rows.iter().is_sorted_by_key(|person| person.id));
        met.extend(ids(&page.rows));
        match page.rows.last() {
            Some(last) if page.has_more => after = last.id,
            _ => return met,
        }
        tokio::task::yield_now().await;
    }
}

async fn found(stores: &Stores, text: &str) -> Vec<PersonId> {
    let page = list(stores, Some(text), Start::Offset(0), 200).await;
    assert_eq!(page.total, None);
    ids(&page.rows)
}

pub async fn a_search_finds_text_in_any_name_whatever_its_case(stores: &Stores) {
    let emilie = Person {
        first_name: "Émilie".to_owned(),
        last_name: "Ångström \u{1F4DA}".to_owned(),
        email: Some("Kepala@Sekolah.example".to_owned()),
        username: Some("Guru-7".to_owned()),
        ..person("")
    };
    let emilie = add(stores, &emilie).await;
    let budi = add(stores, &person("Budi")).await;
    for text in [
        "émilie",
        "ÉMI",
        "ångSTRÖM",
        "\u{1F4DA}",
        "e å",
        "kepala@",
        "GURU-7",
        "ilie",
    ] {
        assert_eq!(found(stores, text).await, [emilie.id], "{text:?}");
    }
    assert_eq!(found(stores, "").await, [emilie.id, budi.id]);
    for text in ["emilie", "Budi Wijayakusuma", "$argon2id", "\u{0}", "x'--"] {
        assert_eq!(found(stores, text).await, [0; 0], "{text:?}");
    }
    assert_eq!(found(stores, &"é".repeat(100_000)).await, [0; 0]);
    let renamed = Person {
        first_name: "Emmy".to_owned(),
        username: None,
        version: 2,
        ..emilie.clone()
    };
    update(stores, &renamed)
        .await
        .expect("the version is right");
    assert_eq!(found(stores, "émilie").await, [0; 0]);
    assert_eq!(found(stores, "guru-7").await, [0; 0]);
    assert_eq!(found(stores, "emmy").await, [emilie.id]);
}

pub async fn in_a_search_wildcards_mean_themselves(stores: &Stores) {
    let percent = add(stores, &person("100% hadir")).await;
    let line = add(stores, &with_email("ani_w@sekolah.example")).await;
    let slash = add(stores, &person("a\\b")).await;
    add(stores, &person("Budi")).await;
    assert_eq!(found(stores, "%").await, [percent.id]);
    assert_eq!(found(stores, "_").await, [line.id]);
    assert_eq!(found(stores, "\\").await, [slash.id]);
    assert_eq!(found(stores, "i_w").await, [line.id]);
    assert_eq!(found(stores, "b%d").await, [0; 0]);
}

pub async fn a_search_is_paged_like_the_list(stores: &Stores) {
    let people = add_many(stores, 12).await;
    add(stores, &person("Guru")).await;
    let page = list(stores, Some("murid"), Start::Offset(2), 4).await;
    assert_eq!((page.rows, page.has_more), (people[2..6].to_vec(), true));
    let page = list(stores, Some("murid"), Start::After(people[7].id), 4).await;
    assert_eq!((page.rows, page.has_more), (people[8..].to_vec(), false));
    // Many searches at once are answered, or refused in so many words: none is lost.
    let answers = crowd(|_| {
        let stores = stores.clone();
        async move {
            let query = crate::people::PeopleQuery {
                search: Some("murid".to_owned()),
                start: Start::Offset(0),
                limit: crate::contract::sample::limit(200),
            };
            stores.people.list(&query).await
        }
    })
    .await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(good.len() + bad.len(), CROWD);
    assert!(good.into_iter().flatten().all(|page| page.rows == people));
    assert!(bad.into_iter().all(|answer| matches!(
        answer,
        Err(crate::StoreError::Unavailable(_) | crate::StoreError::TooSlow)
    )));
}

//! The API's description: what every operation must say of itself.

use std::collections::BTreeSet;

use serde_json::Value;

fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, operation)| {
            (format!("{} {path}", method.to_uppercase()), operation)
        })
    })
}

#[test]
fn every_operation_has_a_summary_a_tag_its_rights_and_its_failures() {
    let document: Value = serde_json::from_str(&web::openapi()).unwrap();
    for (name, operation) in operations(&document) {
        assert!(
            operation["summary"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{name}"
        );
        assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{name}");
        assert!(operation["security"].is_array(), "{name}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{name}"
        );
        assert!(
            responses.contains_key("500") && responses.contains_key("503"),
            "{name}"
        );
        if operation.get("requestBody").is_some() {
            for status in ["400", "413", "415", "422"] {
                assert!(responses.contains_key(status), "{name} {status}");
            }
        }
        for (status, response) in responses
            .iter()
            .filter(|(status, _)| status.starts_with(['4', '5']))
        {
            let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{name} {status}");
        }
    }
    assert_eq!(operations(&document).count(), 12);
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document: Value = serde_json::from_str(&web::openapi()).unwrap();
    let names = operations(&document).map(|(_, operation)| operation["operationId"].to_string());
    let unique: BTreeSet<_> = names.collect();
    assert_eq!(unique.len(), operations(&document).count(), "{unique:?}");
}

#[test]
fn every_reference_leads_somewhere() {
    let text = web::openapi();
    let document: Value = serde_json::from_str(&text).unwrap();
    for reference in text
        .split("\"$ref\": \"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

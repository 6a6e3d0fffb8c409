//! Lists of users.

use doorward_application::settings::Preset;
use doorward_testing::{Backend, TestApp};
use serde_json::json;

use crate::administration::{admin_and_user, refused};

#[test]
fn ac_7_in_7_lists_are_bounded_and_hostile_questions_are_refused_or_find_nobody() {
    let (_app, mut admin, _, _) = admin_and_user(Backend::Memory);
    for query in [
        "limit=1001",
        "limit=-1",
        "limit=1.5",
        "offset=-1",
        "offset=99999999999999999999",
        "sortBy=password",
        "sortBy=name%22;--",
        "filterField=password&filterValue=x",
        "filterField=deletedEmail&filterValue=x",
        "filterField=emailVerified&filterValue=perhaps",
        "filterField=createdAt&filterValue=soon",
        "filterField=banned&filterOperator=contains&filterValue=t",
        "filterOperator=like&filterValue=x",
        "searchField=id&searchValue=x",
        "searchValue=a&searchValue=b",
        "searchValue=a%00b",
        "searchValue=%ff",
        "cursor=x",
        "cursor=&offset=1",
        "cursor=&sortBy=role",
    ] {
        let answer = admin.get(&format!("/admin/list-users?{query}"));
        refused(&answer, 400, "VALIDATION_ERROR");
    }
    for query in [
        "searchValue=%25",
        "searchValue=_",
        "searchValue='%20OR%201=1--",
        "searchValue=%5C",
        "searchOperator=starts_with&searchValue=%F4%8F%BF%BF",
        "filterValue=%25&filterOperator=contains",
        "filterField=name&filterValue=%2500&filterOperator=starts_with",
    ] {
        let answer = admin.get(&format!("/admin/list-users?{query}"));
        assert_eq!(
            (answer.status, &answer.json()["total"]),
            (200, &json!(0)),
            "{query}: {}",
            answer.text
        );
    }
    let long = format!("/admin/list-users?searchValue={}", "x".repeat(4000));
    assert_eq!(admin.get(&long).json()["total"], 0);
}

#[test]
fn unknown_columns_find_nobody_where_better_auth_says_so() {
    let app = TestApp::with(Preset::BetterAuth, |_| {});
    let mut admin = app.administrator();
    for query in ["sortBy=password", "filterField=password&filterValue=x"] {
        let answer = admin.get(&format!("/admin/list-users?{query}"));
        assert_eq!(
            (answer.status, answer.json()),
            (200, json!({ "users": [], "total": 0 })),
            "{query}"
        );
    }
}

#[test]
fn a_cursor_leads_through_the_whole_list() {
    let app = TestApp::start();
    let mut admin = app.administrator();
    for number in 0..7 {
        let body = json!({ "name": "Twin", "email": format!("twin-{number}@example.test") });
        assert_eq!(admin.post("/admin/create-user", &body).status, 200);
    }
    let mut cursor = String::new();
    let mut seen = Vec::new();
    loop {
        let path =
            format!("/admin/list-users?searchOperator=starts_with&searchValue=TWIN&limit=3&cursor={cursor}");
        let page = admin.get(&path).json();
        assert_eq!((&page["limit"], page.get("total")), (&json!(3), None));
        seen.extend(
            page["users"]
                .as_array()
                .unwrap()
                .iter()
                .map(|user| user["email"].clone()),
        );
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        cursor = next.to_owned();
    }
    let expected: Vec<_> = (0..7)
        .map(|number| json!(format!("twin-{number}@example.test")))
        .collect();
    assert_eq!(seen, expected);
}

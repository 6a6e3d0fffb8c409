//! What happens when everybody does the same thing at the same time.

use std::thread;

use doorward_testing::{Backend, PASSWORD, TestApp, samples};
use serde_json::json;

/// What that many did at the same time.
pub(crate) fn together<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let all: Vec<_> = (0..count)
            .map(|index| {
                scope.spawn({
                    let work = &work;
                    move || work(index)
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

fn re_3_of_twenty_sign_ups_with_one_address_one_succeeds(backend: Backend) {
    let app = TestApp::on(backend);
    let statuses = together(20, |index| {
        let email = if index % 2 == 0 {
            "ada@example.test"
        } else {
            "ADA@example.test"
        };
        let body = json!({ "name": format!("Ada {index}"), "email": email, "password": PASSWORD });
        app.browser().post("/sign-up/email", &body).status
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 422)),
        "{statuses:?}"
    );
}

fn re_4_of_twenty_resets_by_one_link_one_succeeds(backend: Backend) {
    let app = TestApp::on(backend);
    drop(app.signed_up("ada@example.test"));
    app.browser().post(
        "/request-password-reset",
        &json!({ "email": "ada@example.test", "redirectTo": "/new" }),
    );
    let visited = app.browser().open(&app.sent_emails()[0]);
    let token = visited
        .header("location")
        .split("token=")
        .nth(1)
        .unwrap()
        .to_owned();
    let answers = together(20, |index| {
        let body = json!({ "token": token, "newPassword": format!("another staple {index}") });
        app.browser().post("/reset-password", &body).status
    });
    let winners: Vec<_> = (0..20).filter(|index| answers[*index] == 200).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    let body = json!({ "email": "ada@example.test", "password": format!("another staple {}", winners[0]) });
    assert_eq!(app.browser().post("/sign-in/email", &body).status, 200);
}

fn of_many_changes_by_the_same_old_password_one_succeeds(backend: Backend) {
    let app = TestApp::on(backend);
    let browser = app.signed_up("ada@example.test");
    let answers = together(8, |index| {
        let body = json!({ "currentPassword": PASSWORD, "newPassword": format!("another staple {index}") });
        browser.clone().post("/change-password", &body).status
    });
    assert_eq!(
        answers.iter().filter(|status| **status == 200).count(),
        1,
        "{answers:?}"
    );
}

fn of_many_deletions_one_is_enough(backend: Backend) {
    let app = TestApp::on(backend);
    let browser = app.signed_up("ada@example.test");
    let answers = together(8, |_| browser.clone().post("/delete-user", &json!({})).status);
    assert!(
        answers.iter().all(|status| matches!(status, 200 | 401 | 404)),
        "{answers:?}"
    );
    assert!(answers.contains(&200));
    let user = app
        .wait(app.store.users().find_by_email(&samples::email("ada")))
        .unwrap();
    assert!(user.is_none());
}

doorward_testing::on_every_backend!(
    re_3_of_twenty_sign_ups_with_one_address_one_succeeds,
    re_4_of_twenty_resets_by_one_link_one_succeeds,
    of_many_changes_by_the_same_old_password_one_succeeds,
    of_many_deletions_one_is_enough,
);

#![expect(unreachable_pub, reason = "the macro makes its constants for everybody")]

use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::user::{Ban, Email, UserName};

crate::resource! {
    mod invoice = "invoice" {
        READ = "read",
        APPROVE = "approve",
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn user(role: Option<&str>) -> User {
    let mut user = User::new(
        UserId::from_stored("ada"),
        UserName::from_stored("Ada"),
        Email::from_stored("ada@example.test"),
        None,
        now(),
    );
    user.role = role.map(RoleList::from_stored);
    user
}

fn policy() -> AccessPolicy {
    AccessPolicy::builder()
        .declare(invoice::ALL.iter().cloned())
        .role("clerk", [invoice::READ])
        .role("accountant", [invoice::READ, invoice::APPROVE])
        .build()
        .unwrap()
}

/// AC-6: an administrator, unless banned.
#[test]
fn ac_6_a_banned_administrator_impersonates_nobody() {
    let policy = policy();
    assert!(policy.may_impersonate(&user(Some("admin")), now()));
    assert!(!policy.may_impersonate(&user(Some("clerk")), now()));
    let mut banned = user(Some("admin"));
    banned.ban = Ban::of("spam".into(), None);
    assert!(!policy.may_impersonate(&banned, now()));
    banned.ban = Ban::of("spam".into(), Some(now()));
    assert!(policy.may_impersonate(&banned, now()), "the ban is over");
}

#[test]
fn a_role_permits_what_it_says_and_nothing_else() {
    let policy = policy();
    assert!(policy.permits(&user(Some("clerk")), &invoice::READ));
    assert!(!policy.permits(&user(Some("clerk")), &invoice::APPROVE));
    assert!(policy.permits(&user(Some("clerk,accountant")), &invoice::APPROVE));
    for role in [
        None,
        Some(""),
        Some("user"),
        Some("Clerk"),
        Some(" clerk"),
        Some("clerks"),
        Some("admin "),
    ] {
        assert!(!policy.permits(&user(role), &invoice::READ), "{role:?}");
        assert!(!policy.permits(&user(role), &permissions::user::LIST), "{role:?}");
    }
}

#[test]
fn the_shipped_administrator_has_all_but_impersonating_others() {
    let (policy, admin) = (policy(), user(Some("admin")));
    for permission in permissions::user::ALL.iter().chain(permissions::session::ALL) {
        let expected = *permission != permissions::user::IMPERSONATE_ADMINS;
        assert_eq!(policy.permits(&admin, permission), expected, "{permission}");
    }
    assert!(policy.is_administrator(&admin) && !policy.is_administrator(&user(None)));
}

#[test]
fn a_question_about_several_needs_one_role_for_all() {
    let policy = AccessPolicy::builder()
        .declare(invoice::ALL.iter().cloned())
        .role("reader", [invoice::READ])
        .role("approver", [invoice::APPROVE])
        .build()
        .unwrap();
    let both = user(Some("reader,approver"));
    assert!(!policy.permits_all(&both, &[invoice::READ, invoice::APPROVE]));
    assert!(policy.permits_all(&both, &[invoice::APPROVE]));
    assert!(!policy.permits_all(&user(Some("admin")), &[]));
}

#[test]
fn who_is_listed_may_do_everything() {
    let listed = Administrators {
        roles: vec!["admin".into()],
        users: vec![UserId::from_stored("ada")],
    };
    let policy = AccessPolicy::builder().administrators(listed).build().unwrap();
    assert!(policy.permits(&user(None), &permissions::user::IMPERSONATE_ADMINS));
    assert!(policy.is_administrator(&user(None)));
    let decision = policy.decide(&user(None), &permissions::user::LIST, now());
    assert_eq!(decision, Decision::Granted(Grant::Listed));
}

#[test]
fn a_caller_covers_who_has_no_more_permissions() {
    let policy = policy();
    let covers = |caller, other| policy.covers(&user(Some(caller)), &user(Some(other)));
    assert!(covers("accountant", "clerk") && covers("clerk", "clerk") && covers("clerk", "user"));
    assert!(!covers("clerk", "accountant") && !covers("user", "clerk"));
    assert!(!covers("clerk", "user,accountant"), "every role counts");
    assert!(covers("admin", "accountant") && covers("admin", "admin"));
}

/// An administrator is more than the permissions of the role, which another role may have, too.
#[test]
fn only_an_administrator_covers_an_administrator() {
    let (listed, ada) = (UserId::from_stored("listed"), user(None));
    let policy = AccessPolicy::builder()
        .role("deputy", builtin())
        .administrators(Administrators {
            roles: vec!["admin".into()],
            users: vec![listed.clone()],
        })
        .build()
        .unwrap();
    let (deputy, admin) = (user(Some("deputy")), user(Some("admin")));
    let listed = User { id: listed, ..ada };
    assert!(!policy.covers(&deputy, &admin) && !policy.covers(&deputy, &listed));
    assert!(policy.covers(&admin, &deputy) && policy.covers(&listed, &admin));
}

#[test]
fn a_decision_says_why() {
    let policy = policy();
    let of = |role, permission: &Permission| policy.decide(&user(role), permission, now());
    assert_eq!(
        of(Some("user,clerk"), &invoice::READ),
        Decision::Granted(Grant::Role("clerk".into()))
    );
    assert_eq!(
        of(None, &invoice::APPROVE),
        Decision::Denied(Denial::Missing {
            roles: vec!["user".into()],
            granting: vec!["accountant".into()],
        })
    );
    let misspelt = Permission::parse("invoice:aprove").unwrap();
    let nearest = invoice::APPROVE;
    assert_eq!(
        of(Some("accountant"), &misspelt),
        Decision::Denied(Denial::Undeclared { nearest })
    );
    let mut banned = user(Some("admin"));
    banned.ban = Ban::of("spam".into(), None);
    assert_eq!(
        policy.decide(&banned, &permissions::user::LIST, now()),
        Decision::Denied(Denial::Banned)
    );
    assert_eq!(
        policy.decide(&banned.deleted(now()), &permissions::user::LIST, now()),
        Decision::Denied(Denial::Deleted)
    );
}

#[test]
fn declarations_that_cannot_be_meant_are_refused() {
    let misspelt = Permission::parse("user:lisst").unwrap();
    let refused = AccessPolicy::builder()
        .role("support", [misspelt.clone()])
        .build();
    assert_eq!(
        refused.unwrap_err(),
        PolicyError::UndeclaredPermission {
            role: "support".into(),
            permission: misspelt,
            nearest: permissions::user::LIST,
        }
    );
    assert_eq!(
        AccessPolicy::builder().role("admin", []).build().unwrap_err(),
        PolicyError::RoleTwice("admin".into())
    );
    assert_eq!(
        AccessPolicy::builder().default_role("usr").build().unwrap_err(),
        PolicyError::UndeclaredRole {
            role: "usr".into(),
            nearest: "user".into(),
        }
    );
    assert_eq!(
        AccessPolicy::builder().role("a,b", []).build().unwrap_err(),
        PolicyError::InvalidName("a,b".into())
    );
}

proptest! {
    /// Whatever text is in the column: somebody is permitted something only by a declared role of theirs that says so.
    #[test]
    fn nothing_is_permitted_that_no_role_grants(role in "[a-z, ]{0,12}|clerk|accountant|clerk,user|user,accountant") {
        let policy = policy();
        let user = user(Some(&role));
        for permission in invoice::ALL {
            let by_hand = role.split(',').any(|name| match name {
                "clerk" => *permission == invoice::READ,
                "accountant" => true,
                _ => false,
            });
            prop_assert_eq!(policy.permits(&user, permission), by_hand);
            prop_assert_eq!(policy.permits_all(&user, std::slice::from_ref(permission)), by_hand);
            let granted = matches!(policy.decide(&user, permission, now()), Decision::Granted(_));
            prop_assert_eq!(granted, by_hand);
        }
    }

    /// Another role never takes away.
    #[test]
    fn more_roles_permit_no_less(one in "clerk|user|x", other in "accountant|user|y") {
        let policy = policy();
        for permission in invoice::ALL {
            let alone = policy.permits(&user(Some(&one)), permission);
            let together = policy.permits(&user(Some(&format!("{one},{other}"))), permission);
            prop_assert!(together || !alone);
        }
    }
}

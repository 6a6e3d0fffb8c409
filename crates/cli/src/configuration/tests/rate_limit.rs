use super::*;

#[test]
fn rl_1_rate_limits_are_on_under_both_presets_until_they_are_switched_off() {
    for preset in ["hardened", "better-auth"] {
        let preset = ("DOORWARD_PRESET", preset);
        let limits = |more: &[(&str, &str)]| {
            let variables = [&[preset, ("DOORWARD_EMAIL_AND_PASSWORD__ENABLED", "true")], more].concat();
            configuration(&variables).unwrap().http.rate_limit
        };
        let on = limits(&[]);
        assert!(
            on.enabled && on.max == 100 && on.window.num_seconds() == 10,
            "{on:?}"
        );
        assert!(!limits(&[("DOORWARD_RATE_LIMIT__ENABLED", "false")]).enabled);
    }
}

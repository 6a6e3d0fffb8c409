/// Whether anybody may register a name below: a top-level domain, the like of `co.uk`, or the domain of a
/// hosting service. Not the whole public suffix list, but what one would write by mistake.
pub(super) fn is_shared_by_strangers(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    match labels[..] {
        [top] => top != "localhost",
        [second, top] if top.len() == 2 && SECOND_LEVEL.split(' ').any(|name| name == second) => true,
        _ => HOSTING.split(' ').any(|name| name == domain),
    }
}

/// Under the top-level domains of countries.
const SECOND_LEVEL: &str = "ac co com ed edu firm gen go gob gouv gov gv id ind ltd me mil ne net nom or org";

/// Separated by spaces.
const HOSTING: &str = "\
    amazonaws.com appspot.com azurecontainerapps.io azurestaticapps.net azurewebsites.net bitbucket.io \
    blogspot.com bolt.host cloudapp.net cloudfront.net codesandbox.io csb.app deno.dev duckdns.org \
    eu.org firebaseapp.com fly.dev github.dev github.io githubpreview.dev gitlab.io gitpod.io glitch.me \
    herokuapp.com lhr.life loca.lt lovable.app myshopify.com netlify.app ngrok-free.app ngrok-free.dev \
    ngrok.app ngrok.dev ngrok.io nip.io now.sh onrender.com pages.dev railway.app replit.app replit.dev \
    run.app sslip.io surge.sh trycloudflare.com up.railway.app vercel.app web.app webflow.io workers.dev";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domains_of_everybody() {
        for domain in [
            "com",
            "test",
            "co.uk",
            "com.au",
            "github.io",
            "up.railway.app",
            "workers.dev",
        ] {
            assert!(is_shared_by_strangers(domain), "{domain}");
        }
        for domain in [
            "localhost",
            "example.test",
            "co.example.test",
            "ours.github.io",
            "co.dev",
        ] {
            assert!(!is_shared_by_strangers(domain), "{domain}");
        }
    }
}

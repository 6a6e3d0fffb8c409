/// Whether the public may register names below it, by the public suffix list or by our own knowledge: a top-level domain, the
/// like of `co.uk`, or the domain of a hosting service.
pub(super) fn is_shared_by_strangers(domain: &str) -> bool {
    let is_suffix = |name: &str| psl::suffix_str(name).is_some_and(|suffix| suffix.len() == name.len());
    match domain.split_once('.') {
        None => domain != "localhost",
        // Of some suffixes, such as `*.compute.amazonaws.com`, every name below is one.
        Some((first, _)) => {
            is_suffix(domain)
                || is_suffix(&format!("any.{domain}"))
                || first == "blogspot"
                || UNLISTED.split(' ').any(|name| name == domain)
        }
    }
}

/// Names of hosting services and tunnels that the list lacks; separated by spaces.
const UNLISTED: &str = "\
    amazonaws.com azurecontainerapps.io bitbucket.io bolt.host cloudapp.net cloudfront.net codesandbox.io \
    csb.app duckdns.org github.dev githubpreview.dev gitlab.io gitpod.io glitch.me lhr.life loca.lt \
    lovable.app myshopify.com ngrok-free.app ngrok-free.dev ngrok.app ngrok.dev ngrok.io nip.io now.sh \
    railway.app replit.app replit.dev sslip.io surge.sh trycloudflare.com up.railway.app \
    web.core.windows.net webflow.io";

#[cfg(test)]
mod tests {
    use super::*;

    /// What was refused before there was the public suffix list.
    const FORMERLY_LISTED: &str = "\
        appspot.com azurestaticapps.net azurewebsites.net deno.dev eu.org firebaseapp.com fly.dev github.dev gitlab.io \
        gitpod.io herokuapp.com netlify.app onrender.com pages.dev run.app vercel.app web.app";

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
            "s3.amazonaws.com",
            "compute.amazonaws.com",
            "uk.com",
            "azurefd.net",
            "web.core.windows.net",
            "blogspot.de",
            "blogspot.com",
            "k12.ca.us",
            "translate.goog",
            "supabase.co",
            "xn--p1ai",
        ]
        .into_iter()
        .chain(FORMERLY_LISTED.split(' '))
        {
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

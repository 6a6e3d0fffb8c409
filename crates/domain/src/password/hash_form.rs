use super::PasswordHash;

/// An algorithm of password hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HashFamily {
    /// Argon2id and Argon2i.
    Argon2,
    /// scrypt in Better Auth's form.
    Scrypt,
    /// bcrypt.
    Bcrypt,
    /// PBKDF2-HMAC-SHA-256.
    Pbkdf2,
}

/// What a hash says of the work to compare a password with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HashForm {
    /// The algorithm.
    pub family: HashFamily,
    /// How much it computes, in a unit of the algorithm: twice as much takes about twice as long.
    pub weight: u64,
}

impl HashForm {
    /// The form of a hash; `None` if it is none that is known. Whether such a hash is ever computed is another question.
    #[must_use]
    pub fn of(hash: &PasswordHash) -> Option<Self> {
        let text = hash.expose();
        if text.contains(':') {
            return Some(Self {
                family: HashFamily::Scrypt,
                weight: 1,
            });
        }
        let mut fields = text.strip_prefix('$')?.split('$');
        let (family, weight) = match fields.next()? {
            "2a" | "2b" | "2y" => {
                let cost = fields.next()?.parse::<u32>().ok()?;
                (HashFamily::Bcrypt, 1_u64.checked_shl(cost)?)
            }
            "argon2id" | "argon2i" => {
                let params = fields.find(|field| field.contains("m="))?;
                let memory = param(params, "m")?.checked_mul(param(params, "t")?)?;
                (HashFamily::Argon2, memory)
            }
            "pbkdf2-sha256" => {
                let rounds = param(fields.next()?, "i")?;
                // 32 bytes of output are computed at a time.
                let bytes = fields.next_back()?.len() * 3 / 4;
                let blocks = u64::try_from(bytes.div_ceil(32)).ok()?;
                (HashFamily::Pbkdf2, rounds.checked_mul(blocks.max(1))?)
            }
            _ => return None,
        };
        Some(Self { family, weight })
    }
}

/// The number of that name in `name=number,…`.
fn param(params: &str, name: &str) -> Option<u64> {
    let mut pairs = params.split(',').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name)?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Option<(HashFamily, u64)> {
        HashForm::of(&PasswordHash::from_stored(text)).map(|form| (form.family, form.weight))
    }

    #[test]
    fn a_hash_tells_its_work() {
        let key = "c2FsdHNhbHQ";
        let output = "A".repeat(43);
        for (text, expected) in [
            (
                format!("$argon2id$v=19$m=19456,t=2,p=1${key}${output}"),
                Some((HashFamily::Argon2, 38_912)),
            ),
            (
                format!("$argon2i$m=16,t=3,p=1,keyid=a${key}${output}"),
                Some((HashFamily::Argon2, 48)),
            ),
            ("00ff:00ff".to_owned(), Some((HashFamily::Scrypt, 1))),
            (
                format!("$2b$12${}", "a".repeat(53)),
                Some((HashFamily::Bcrypt, 4096)),
            ),
            (
                format!("$pbkdf2-sha256$i=1000,l=32${key}${output}"),
                Some((HashFamily::Pbkdf2, 1000)),
            ),
            (
                format!("$pbkdf2-sha256$i=1000${key}${}", "A".repeat(86)),
                Some((HashFamily::Pbkdf2, 2000)),
            ),
        ] {
            assert_eq!(form(&text), expected, "{text}");
        }
    }

    #[test]
    fn other_texts_have_no_form() {
        for text in [
            "",
            "$",
            "$2b$",
            "$2b$x$",
            "$2b$64$",
            "$argon2id$v=19$",
            "$argon2id$v=19$m=x,t=1$",
            "$pbkdf2-sha256$i=1",
            "$5$rounds=5000$salt$hash",
            "plain",
        ] {
            assert_eq!(form(text), None, "{text}");
        }
    }
}

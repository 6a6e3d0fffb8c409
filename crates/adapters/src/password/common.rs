use doorward_domain::password::CommonPasswords;
use zxcvbn::zxcvbn;

/// Knows the 30,000 most common passwords that the `zxcvbn` crate has on board, and what is no harder to guess.
///
/// `zxcvbn` does not tell whether a text is in its list; it tells how many guesses the cheapest way to it takes, and for
/// a text in the list that is its rank at most. So a password is common if it falls within the first 30,000 guesses: by
/// its rank, or because it is a single word, a row of the keyboard, a sequence or a common password with a little more
/// to it. The first use builds the tables: some 20 ms and 8 MB.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommonPasswordList;

/// The length of the list, and one guess on top that `zxcvbn` always adds.
const GUESSES: u64 = 30_001;
/// Longest text in the list: 20 characters. Longer ones cost more time the longer they are.
const LONGEST: usize = 24;
/// The list has no text with more than two different characters other than letters and digits. Each may stand for a
/// letter, and to try them all takes time that grows exponentially.
const MOST_SYMBOLS: usize = 2;

impl CommonPasswords for CommonPasswordList {
    fn contains(&self, password: &str) -> bool {
        if !is_worth_a_look(password) {
            return false;
        }
        let folded = password.to_ascii_lowercase();
        if let Some(repeated) = only_character(&folded) {
            // `zxcvbn`'s list leaves repetitions out. Of one letter, `aaaaaaaa` is the one that leads everywhere.
            return repeated.is_ascii_digit() || repeated == 'a';
        }
        zxcvbn(&folded, &[]).guesses() <= GUESSES
    }
}

fn is_worth_a_look(password: &str) -> bool {
    let mut symbols: Vec<u8> = password
        .bytes()
        .filter(|byte| !byte.is_ascii_alphanumeric())
        .collect();
    symbols.sort_unstable();
    symbols.dedup();
    password.is_ascii() && (1..=LONGEST).contains(&password.len()) && symbols.len() <= MOST_SYMBOLS
}

/// The character a text of several equal ones consists of.
fn only_character(text: &str) -> Option<char> {
    let first = text.chars().next()?;
    text.chars().all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pw_7_what_everybody_guesses_first_is_common() {
        for password in [
            "123456789",
            "password1",
            "qwertyuiop",
            "iloveyou",
            "Password",
            "PASSWORD",
            "pAsSwOrD",
            "12345678",
            "sunshine",
            "princess",
            "football",
            "baseball",
            "superman",
            "trustno1",
            "abcd1234",
            "aaaaaaaa",
            "11111111",
            "00000000",
            "88888888",
            "1q2w3e4r",
            "1qaz2wsx",
            "abcdefgh",
            "87654321",
            "asdfghjkl",
            "password123",
            "letmein123",
            "starwars",
            "michelle",
            "corvette",
            "jennifer",
            "Passw0rd",
            "P@ssw0rd",
            // The last ranks of the list, and its longest.
            "geekboy",
            "12345678900987654321",
        ] {
            assert!(CommonPasswordList.contains(password), "{password}");
        }
    }

    #[test]
    fn pw_7_passwords_that_need_thought_are_not_common() {
        for password in [
            "",
            "correct horse battery",
            "correct horse battery staple",
            "a new password",
            "old password",
            "xxxxxxxx",
            "xxxxxxxxxxxx",
            "q8d7w6e5",
            "Tr0ub4dor&3",
            "kF9#mQ2vLx",
            "пароль12",
            "passwordpasswordpasswordpassword",
            "🦀🦀🦀🦀",
        ] {
            assert!(!CommonPasswordList.contains(password), "{password}");
        }
    }

    #[test]
    fn texts_that_would_take_long_are_not_looked_at() {
        for password in [
            "4@8({[<3691!|1|70$5+7%24@8({[<3691!|1|70",
            "@$!+4831790256",
            &"ab1!".repeat(10),
        ] {
            assert!(!is_worth_a_look(password), "{password}");
        }
        assert!(is_worth_a_look("P@ssw0rd!"));
    }
}

//! Cookies that Better Auth 1.7.25 wrote for the session and user below, at the instant below, with the
//! secret of the contract and a `maxAge` of 300.

pub(super) const SECRET: &str = "contract-secret-for-tests-only-0123456789";
pub(super) const NOW_MS: i64 = 1_790_000_000_123;

pub(super) const SESSION: &str = r#"{"id":"s1","token":"TokenTokenTokenTokenTokenToken01","userId":"u1","expiresAt":"2026-09-28T14:13:20.123Z","createdAt":"2026-09-21T14:13:20.123Z","updatedAt":"2026-09-21T14:13:20.123Z","ipAddress":"","userAgent":"Mozilla/5.0 (X11; \"Linux\") \\ </script>"}"#;

/// Keys in an order that JavaScript changes, numbers that it writes in its own way, and letters that some
/// escape.
pub(super) const USER: &str = r#"{"note":"a/b\u2028\u2029\u007f\u0000\u001f\b\t\n\f\r\"\\","id":"u1","name":"Zoë 😀 Ада","email":"ada@example.test","emailVerified":false,"image":null,"createdAt":"2026-09-21T14:13:20.123Z","updatedAt":"2026-09-21T14:13:20.123Z","ratio":0.30000000000000004,"big":1e21,"tiny":1e-7,"whole":12345678901234567890,"10":"ten","2":"two"}"#;

pub(super) const COMPACT: &str = "eyJzZXNzaW9uIjp7InNlc3Npb24iOnsiaWQiOiJzMSIsInRva2VuIjoiVG9rZW5Ub2tlblRva2VuVG9rZW5Ub2tlblRva2Vu\
     MDEiLCJ1c2VySWQiOiJ1MSIsImV4cGlyZXNBdCI6IjIwMjYtMDktMjhUMTQ6MTM6MjAuMTIzWiIsImNyZWF0ZWRBdCI6IjIw\
     MjYtMDktMjFUMTQ6MTM6MjAuMTIzWiIsInVwZGF0ZWRBdCI6IjIwMjYtMDktMjFUMTQ6MTM6MjAuMTIzWiIsImlwQWRkcmVz\
     cyI6IiIsInVzZXJBZ2VudCI6Ik1vemlsbGEvNS4wIChYMTE7IFwiTGludXhcIikgXFwgPC9zY3JpcHQ-In0sInVzZXIiOnsi\
     MiI6InR3byIsIjEwIjoidGVuIiwibm90ZSI6ImEvYuKAqOKAqX9cdTAwMDBcdTAwMWZcYlx0XG5cZlxyXCJcXCIsImlkIjoi\
     dTEiLCJuYW1lIjoiWm_DqyDwn5iAINCQ0LTQsCIsImVtYWlsIjoiYWRhQGV4YW1wbGUudGVzdCIsImVtYWlsVmVyaWZpZWQi\
     OmZhbHNlLCJpbWFnZSI6bnVsbCwiY3JlYXRlZEF0IjoiMjAyNi0wOS0yMVQxNDoxMzoyMC4xMjNaIiwidXBkYXRlZEF0Ijoi\
     MjAyNi0wOS0yMVQxNDoxMzoyMC4xMjNaIiwicmF0aW8iOjAuMzAwMDAwMDAwMDAwMDAwMDQsImJpZyI6MWUrMjEsInRpbnki\
     OjFlLTcsIndob2xlIjoxMjM0NTY3ODkwMTIzNDU2NzAwMH0sInVwZGF0ZWRBdCI6MTc5MDAwMDAwMDEyMywidmVyc2lvbiI6\
     IjEifSwiZXhwaXJlc0F0IjoxNzkwMDAwMzAwMTIzLCJzaWduYXR1cmUiOiIxME5hQ0VGMzliNWdmNmoyZlRfNG9TdWF4TzZ0\
     aEFVcmNjMEhTOWpoYUQ4In0";

pub(super) const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzZXNzaW9uIjp7ImlkIjoiczEiLCJ0b2tlbiI6IlRva2VuVG9rZW5Ub2tlblRva2VuVG9rZW5\
     Ub2tlbjAxIiwidXNlcklkIjoidTEiLCJleHBpcmVzQXQiOiIyMDI2LTA5LTI4VDE0OjEzOjIwLjEyM1oiLCJjcmVhdGVkQXQ\
     iOiIyMDI2LTA5LTIxVDE0OjEzOjIwLjEyM1oiLCJ1cGRhdGVkQXQiOiIyMDI2LTA5LTIxVDE0OjEzOjIwLjEyM1oiLCJpcEF\
     kZHJlc3MiOiIiLCJ1c2VyQWdlbnQiOiJNb3ppbGxhLzUuMCAoWDExOyBcIkxpbnV4XCIpIFxcIDwvc2NyaXB0PiJ9LCJ1c2V\
     yIjp7IjIiOiJ0d28iLCIxMCI6InRlbiIsIm5vdGUiOiJhL2LigKjigKl_XHUwMDAwXHUwMDFmXGJcdFxuXGZcclwiXFwiLCJ\
     pZCI6InUxIiwibmFtZSI6Ilpvw6sg8J-YgCDQkNC00LAiLCJlbWFpbCI6ImFkYUBleGFtcGxlLnRlc3QiLCJlbWFpbFZlcml\
     maWVkIjpmYWxzZSwiaW1hZ2UiOm51bGwsImNyZWF0ZWRBdCI6IjIwMjYtMDktMjFUMTQ6MTM6MjAuMTIzWiIsInVwZGF0ZWR\
     BdCI6IjIwMjYtMDktMjFUMTQ6MTM6MjAuMTIzWiIsInJhdGlvIjowLjMwMDAwMDAwMDAwMDAwMDA0LCJiaWciOjFlKzIxLCJ\
     0aW55IjoxZS03LCJ3aG9sZSI6MTIzNDU2Nzg5MDEyMzQ1NjcwMDB9LCJ1cGRhdGVkQXQiOjE3OTAwMDAwMDAxMjMsInZlcnN\
     pb24iOiIxIiwiaWF0IjoxNzkwMDAwMDAwLCJleHAiOjE3OTAwMDAzMDB9.nDMIStHdXXms5xwnyyN0c8aruzQgzVyIFtn6yc\
     RtmwA";

pub(super) const JWE: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiTkpsQlRNdmNZaXBnNzlEcjNRVWM0TzFPXzNEZW0z\
     YkFJb2R3WE5OTTZzNCJ9..QmViUVgin2t-ShD6iAJjew.p4c2WGtRKrL5ugViD3zHjnh0Zyr-L1XYRh1CxIRr5xU16iI3sMc\
     OjhEePGGmj6iVSkh3aA1l2-njKF24nd7jAw2xG6z-hH1IEkWx-LB1hX3tYhkrILOxgCgbA5Ohxb_pEPJLSTeb3yFIjKND6oV\
     c1uacnzw1vvLCb8nzt3yv2Zv9E4UpZA25JkO3_PanlVYdjTKRdUypISIBcjAP8CBgiNp49qKmssRAZj6n4T4roSpWYMDGRNs\
     Kxm1f_y1FAcpb2_8zgXY5dsswTSl9EjU5yFGUSAZ2r1S639gp0aE5y4N8AIEDMZYk_zQoTpoJ4jc1LCkB40oBaY5LJ9ZdU9Y\
     NaW-tbQicVCBAp88zng55hsxfMuMz4hZpsMUaBOygSYsInokpFY9iVlhazbe9SO_2iMUD6HM47D3xlkrZWW4G_dW64DP_KbU\
     KtKwnLFmWFXucf6KkH3LvdFj8-s5nrD0QtDltW7zU9h1SAoODA1eO3ejp20uVFp0GzPk9TCX1RIGw03uynogQOzYTDQOZ4RB\
     cAIv7C1gSCOJd2UWjVoKeyEWb8xMsJStIYWOJale9-SG3rHLE1o6NYMfa9htyaAsA2T3kyzxqP6cwf-lxSUfYjx9hMYfWdLT\
     -LTbvZVk4Vs5ZeS7-YpIRuzLM6P65M5HeEiFgLr7Cfx3sNErpsw8Op7EITrxatz4CeSmNUyKxgZ436nWh2va-8YLkjRGP2WT\
     -sEGk2Ab2h6aRS3bkYXnhdylE2OkxFjIvnYEbxKHK_bvywwGmpRva0K2PSmNnNHuVirV4Zj2K68OWOk1AP56SxbBbhMFsEeF\
     bv16ru_-lTbHJIkc7Q_JoL4_zdEl0cmIT7m5XhQajXFIMvTK4g2rg7P3rx6IOTBw8Cz9knPpUag0ICzlarJcZFa0GLT8Nhwx\
     9aoy_Vzvrb4zdPXCzfxiE08gazgSWHoTWEZfTfsmJYgS7-amS1vFxIJM6A1bQox-Qxw.V1sg9fOHrP0w1OO3peDJ7Z0fxwGB\
     zC03cahRfK_A2QU";

//! Placeholders, texts and expressions of random plans.

use super::Maker;

impl Maker {
    /// Text without placeholders, with what places escape.
    pub(super) fn literal(&mut self) -> String {
        let texts = ["a", "acme", "acme & co", "ä\"q\\", "7", "", "x y/z?", "{}", "true"];
        self.choose(&texts).to_owned()
    }

    /// One placeholder, of a value that is there or not.
    pub(super) fn placeholder(&mut self) -> String {
        let places = [
            "n",
            "word",
            "ratio",
            "flag",
            "ids",
            "count",
            "item",
            "fresh",
            "seen",
            "seen_list",
            "csv.users.name",
            "csv.users.city",
            "data.items.sku",
            "data.items.price",
            "env.TARGET",
            "uuid()",
            "randint(1, 99)",
            "random_string(6)",
            "random_choice(a, b, 3)",
            "now()",
            "user_id()",
            "iteration()",
            "upper(a b)",
            "sha256(abc)",
            "base64(a:b)",
            "upper(${word})",
            "md5(${n}-${word})",
            "url_encode(${csv.users.name})",
            "len(${ids})",
            "substr(${word}, 0, 2)",
            "json(${ids}, 3.a)",
            "faker.first_name",
            "timestamp()",
        ];
        format!("${{{}}}", self.choose(&places))
    }

    /// A text that may hold placeholders.
    pub(super) fn text(&mut self) -> String {
        match self.rng.u32(..4) {
            0 => self.literal(),
            1 => self.placeholder(),
            2 => format!("{} {}", self.literal(), self.placeholder()),
            _ => format!("{}-{}.", self.placeholder(), self.placeholder()),
        }
    }

    /// An expression that gives a number.
    pub(super) fn number(&mut self, depth: u32) -> String {
        if depth == 0 || self.one_in(3) {
            let numbers = ["n", "count", "0", "3", "2.5", "len(ids)", "len(word)", "ratio", "-1"];
            return self.choose(&numbers).to_owned();
        }
        let left = self.number(depth - 1);
        match self.rng.u32(..4) {
            0 => format!("({left} + {})", self.number(depth - 1)),
            1 => format!("({left} - {})", self.number(depth - 1)),
            2 => format!("({left} * {})", self.number(depth - 1)),
            _ => format!("({left}) % {}", self.rng.u32(2..7)),
        }
    }

    /// An expression that holds or does not.
    pub(super) fn condition(&mut self, depth: u32) -> String {
        if depth > 0 && self.one_in(2) {
            let left = self.condition(depth - 1);
            return match self.rng.u32(..3) {
                0 => format!("({left} and {})", self.condition(depth - 1)),
                1 => format!("({left} or {})", self.condition(depth - 1)),
                _ => format!("not ({left})"),
            };
        }
        match self.rng.u32(..6) {
            0 => {
                let sign = self.choose(&["<", "<=", ">", ">=", "==", "!="]);
                format!("{} {sign} {}", self.number(1), self.number(1))
            }
            1 => format!("{} in ids", self.number(1)),
            2 => self.choose(&["word contains 'a'", "'x' in ids", "word == 'acme'"]).to_owned(),
            3 => self.choose(&["word matches '^a'", "word =~ '[0-9]+'"]).to_owned(),
            4 => self.choose(&["flag", "!flag", "seen == null", "fresh != 3"]).to_owned(),
            _ => format!("len(word) > {}", self.rng.u32(..6)),
        }
    }
}

//! Splits a source file in Rust, C or Python into tokens. Names, numbers and strings lose their text,
//! and comments and white space are left out.

/// A programming language whose files can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Rust,
    C,
    Python,
}

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// What the token is. Tokens of the same kind are equal.
    pub(super) kind: u32,
    /// The index of the file in the program.
    pub(super) file: u32,
    /// The line in the file, from 1.
    pub(super) line: u32,
}

/// Kinds of tokens. All characters are smaller.
const NAME: u32 = 0x0020_0000;
const NUMBER: u32 = NAME + 1;
const STRING: u32 = NAME + 2;
const KEYWORD: u32 = NAME + 16;
const END: u32 = 0x8000_0000;

/// Words that are no names in at least one of the languages.
const KEYWORDS: [&str; 44] = [
    "and", "as", "break", "case", "char", "class", "const", "continue", "def", "del", "do", "elif",
    "else", "enum", "except", "finally", "fn", "for", "from", "if", "impl", "import", "in", "int",
    "is", "lambda", "let", "loop", "match", "mod", "move", "not", "or", "pass", "raise", "return",
    "static", "struct", "switch", "try", "use", "void", "while", "with",
];

impl Language {
    /// The language of a file; `None` if files of this kind are not compared.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "rs" => Some(Self::Rust),
            "c" | "h" => Some(Self::C),
            "py" => Some(Self::Python),
            _ => None,
        }
    }
}

impl Token {
    /// A token between two files. It equals no token of another program, so no passage goes on in
    /// the next file.
    pub(super) fn end_of_file(file: u32, program: usize) -> Self {
        let number = (program as u32).wrapping_mul(4096).wrapping_add(file);
        Self { kind: END | number, file, line: 0 }
    }

    /// Whether this is the token between two files.
    pub(super) fn is_end(self) -> bool {
        self.kind & END != 0
    }
}

/// The tokens of a file. `file` is its index in the program.
pub(super) fn of(language: Language, text: &str, file: u32) -> Vec<Token> {
    let characters: Vec<char> = text.chars().collect();
    let mut reader = Reader { language, characters: &characters, place: 0, line: 1 };
    let mut tokens: Vec<Token> = Vec::new();
    while let Some((kind, line)) = reader.token() {
        // A string that begins a line of Python is documentation, as a comment is.
        let is_first = tokens.last().is_none_or(|last| last.line != line);
        if !(language == Language::Python && kind == STRING && is_first) {
            tokens.push(Token { kind, file, line });
        }
    }
    tokens
}

struct Reader<'a> {
    language: Language,
    characters: &'a [char],
    place: usize,
    line: u32,
}

impl Reader<'_> {
    /// The kind and the line of the next token.
    fn token(&mut self) -> Option<(u32, u32)> {
        loop {
            let (first, line) = (self.at(0)?, self.line);
            if first.is_whitespace() {
                self.skip(1);
            } else if self.comment() {
            } else if self.string() {
                return Some((STRING, line));
            } else if first.is_alphabetic() || first == '_' {
                return Some((self.word(), line));
            } else if first.is_ascii_digit() {
                self.number();
                return Some((NUMBER, line));
            } else {
                self.skip(1);
                // What is left of a quote is a lifetime of Rust, whose name does not count.
                if first == '\'' || first == '\\' {
                    continue;
                }
                return Some((u32::from(first), line));
            }
        }
    }

    fn at(&self, offset: usize) -> Option<char> {
        self.characters.get(self.place + offset).copied()
    }

    fn follows(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(offset, character)| self.at(offset) == Some(character))
    }

    fn skip(&mut self, number: usize) {
        for _ in 0..number {
            self.line += u32::from(self.at(0) == Some('\n'));
            self.place += 1;
        }
    }

    /// Skips up to and including `end`, or to the end of the file.
    fn skip_past(&mut self, end: &str, has_escapes: bool) {
        while self.at(0).is_some() && !self.follows(end) {
            self.skip(if has_escapes && self.at(0) == Some('\\') { 2 } else { 1 });
        }
        self.skip(end.chars().count());
    }

    /// Skips a comment, if there is one.
    fn comment(&mut self) -> bool {
        if self.language == Language::Python {
            let is_comment = self.at(0) == Some('#');
            if is_comment {
                self.skip_past("\n", false);
            }
            return is_comment;
        }
        if self.follows("//") {
            self.skip_past("\n", false);
            return true;
        }
        if !self.follows("/*") {
            return false;
        }
        self.skip(2);
        let mut depth = 1;
        while depth > 0 && self.at(0).is_some() {
            if self.follows("*/") {
                depth -= 1;
                self.skip(2);
            } else if self.language == Language::Rust && self.follows("/*") {
                depth += 1;
                self.skip(2);
            } else {
                self.skip(1);
            }
        }
        true
    }

    /// Skips a string or a character, if there is one, with its prefix.
    fn string(&mut self) -> bool {
        let letters = (0..3).take_while(|offset| {
            self.at(*offset).is_some_and(|letter| "bcfruBFRU".contains(letter))
        });
        let prefix = letters.count().min(2);
        let hashes = match self.language {
            Language::Rust => (prefix..).take_while(|offset| self.at(*offset) == Some('#')).count(),
            _ => 0,
        };
        let is_raw = (0..prefix).any(|offset| self.at(offset) == Some('r'));
        let Some(quote) = self.at(prefix + hashes) else { return false };
        match (self.language, quote) {
            (Language::Rust, '"') if hashes > 0 && is_raw => {
                self.skip(prefix + hashes + 1);
                self.skip_past(&format!("\"{}", "#".repeat(hashes)), false);
            }
            (_, '"' | '\'') if hashes > 0 => return false,
            (Language::Python, '"' | '\'') => {
                let triple = quote.to_string().repeat(3);
                self.skip(prefix);
                let end = if self.follows(&triple) { triple } else { quote.to_string() };
                self.skip(end.len());
                self.skip_past(&end, true);
            }
            (Language::Rust, '\'') => {
                let is_character =
                    self.at(prefix + 1) == Some('\\') || self.at(prefix + 2) == Some('\'');
                if !is_character {
                    return false;
                }
                self.skip(prefix + 1);
                self.skip_past("'", true);
            }
            (_, '"') | (Language::C, '\'') => {
                self.skip(prefix + 1);
                self.skip_past(&quote.to_string(), !(is_raw && self.language == Language::Rust));
            }
            _ => return false,
        }
        true
    }

    fn word(&mut self) -> u32 {
        let start = self.place;
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        while self.at(0).is_some_and(is_part) {
            self.skip(1);
        }
        let word: String = self.characters[start..self.place].iter().collect();
        match KEYWORDS.iter().position(|keyword| *keyword == word) {
            Some(index) => KEYWORD + index as u32,
            None => NAME,
        }
    }

    fn number(&mut self) {
        let is_part = |reader: &Self| match reader.at(0) {
            Some('.') => reader.at(1).is_some_and(|next| next.is_ascii_digit()),
            other => other.is_some_and(|character| character.is_alphanumeric() || character == '_'),
        };
        while is_part(self) {
            self.skip(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(language: Language, text: &str) -> Vec<u32> {
        of(language, text, 0).iter().map(|token| token.kind).collect()
    }

    #[test]
    fn names_comments_and_white_space_do_not_count() {
        for (language, one, other) in [
            (
                Language::Rust,
                "fn f<'a>(x: &'a str) -> char { g(x, r#\"a\"b\"#, 'c', b'\\'', 1_000) } // end",
                "/* a /* nested */ comment */ fn other<'life>(text: &'life str)\n -> char\n\
                 { h(text, \"z\", '\\n', b'y', 0x1f) }",
            ),
            (
                Language::C,
                "int main(void) { printf(\"%d // no\\n\", 'x'); return 0; }",
                "int start(void) // here\n{ puts_all(\"\", '\\''); /* x */ return 1; }",
            ),
            (
                Language::Python,
                "def f(a):\n    '''Says what f does.'''\n    return a + 'x' # end\n",
                "def other(name):\n  return name + f\"it's\"",
            ),
        ] {
            assert_eq!(kinds(language, one), kinds(language, other));
        }
    }

    #[test]
    fn different_code_has_different_tokens() {
        assert_ne!(kinds(Language::C, "a = b + c;"), kinds(Language::C, "a = b - c;"));
        assert_ne!(kinds(Language::Rust, "for x in y {}"), kinds(Language::Rust, "while x {}"));
    }

    #[test]
    fn a_token_has_its_line() {
        let text = "let a = \"two\nlines\";\n/* \n */ b";
        let lines: Vec<_> = of(Language::Rust, text, 0).iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 1, 1, 1, 2, 4]);
    }
}

//! Writes what has changed on the screen to the terminal.

use anstyle::Style;
use ratatui_core::backend::{Backend, ClearType, WindowSize};
use ratatui_core::buffer::Cell;
use ratatui_core::layout::{Position, Size};
use ratatui_core::style::Color;
use std::io::{self, Write};
use terminal::tty;

/// The terminal of standard output. What is drawn is written at once by `flush`, so that no half of a
/// picture is seen.
#[derive(Default)]
pub(super) struct Stdout {
    bytes: Vec<u8>,
}

impl Backend for Stdout {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut style = Style::new();
        let mut next = None;
        for (x, y, cell) in content {
            if next != Some((x, y)) {
                self.set_cursor_position(Position { x, y })?;
            }
            let wanted = style_of(cell);
            if wanted != style {
                write!(self.bytes, "{style:#}{wanted}")?;
                style = wanted;
            }
            self.bytes.extend_from_slice(cell.symbol().as_bytes());
            // The cursor moves by one column, unless the character is wide.
            next = cell.symbol().is_ascii().then_some((x + 1, y));
        }
        write!(self.bytes, "{style:#}")
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.bytes.extend_from_slice(b"\x1b[?25l");
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.bytes.extend_from_slice(b"\x1b[?25h");
        Ok(())
    }

    /// The terminal is not asked: every drawing begins with its own position.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        write!(self.bytes, "\x1b[{};{}H", y + 1, x + 1)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, what: ClearType) -> io::Result<()> {
        // console_codes(4), ED and EL.
        self.bytes.extend_from_slice(match what {
            ClearType::All => b"\x1b[2J",
            ClearType::AfterCursor => b"\x1b[0J",
            ClearType::BeforeCursor => b"\x1b[1J",
            ClearType::CurrentLine => b"\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[0K",
        });
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = tty::size();
        Ok(Size { width, height })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        // The size in pixels is not needed.
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(&self.bytes)?;
        self.bytes.clear();
        stdout.flush()
    }
}

/// The style of a cell. A cell without a colour of its own has [`Color::Reset`], which anstyle does not
/// know.
fn style_of(cell: &Cell) -> Style {
    let own = |color: Option<Color>| color.filter(|color| *color != Color::Reset);
    let style = cell.style();
    Style::from(ratatui_core::style::Style { fg: own(style.fg), bg: own(style.bg), ..style })
}

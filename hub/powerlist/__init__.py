"""The power list 权责清单 as a spreadsheet: every cell read, or refused with what to do; written to be read back."""

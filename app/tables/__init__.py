"""Tables for people and for software: rows to CSV and XLSX, and files of both kinds back to rows. A service without pages."""

"""Forms and letters as PDF and DOCX from a tree of blocks. A service without pages; knows no room's words."""

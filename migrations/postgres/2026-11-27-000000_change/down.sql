DROP TABLE change_part;
DROP TABLE change_summary;

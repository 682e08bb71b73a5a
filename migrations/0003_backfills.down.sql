DROP TABLE pgkeel.backfills;

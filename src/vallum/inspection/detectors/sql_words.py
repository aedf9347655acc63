"""The vocabulary of SQL: which letter of the grammar's alphabet a word stands for."""

from __future__ import annotations

from typing import Final

_BY_LETTER: Final = {
    # Constants by name, and words that only sentences use.
    "b": "true false null unknown",
    "p": (
        "the a an of to your my our his her their its this that these those you we they he she it"
        " i me us them please which who how what why can will would should was were are be been"
        " has have had do does did but so if because about there here more very just also only"
        " each every some no yes one"
    ),
    # Operators.
    "A": "and or xor",
    "L": "like ilike rlike regexp glob between is sounds similar match notnull isnull overlaps",
    "N": "not binary all distinct distinctrow any exists prior sql_no_cache straight_join unique",
    "/": "div mod",
    # Clauses.
    "U": "union except intersect minus",
    "S": "select",
    "F": "from",
    "W": "where",
    "B": "by",
    "G": "order group sort",
    "H": "having",
    "M": "limit offset",
    "I": "into",
    "o": "outfile dumpfile",
    "V": "values value",
    "a": "as",
    "k": "case",
    "K": "when then else end",
    # Statements.
    "1": "insert replace merge",
    "2": "update",
    "3": "delete",
    "D": "drop alter create truncate grant revoke rename",
    "E": "exec execute call",
    "X": "declare",
    "Y": "set",
    "Z": "waitfor shutdown",
    "T": (
        "table database schema view function procedure trigger index column login role user"
        " sequence tablespace tables"
    ),
    "R": "analyse analyze",
    # Words that are of SQL, and of no use to the grammar but to be no words of a sentence.
    "x": (
        "join inner outer natural using asc desc collate interval escape array row rows fetch"
        " begin commit rollback immediate prepare deallocate handler copy backup restore"
        " delay exists varchar nvarchar int integer decimal bigint bool boolean bytea text"
        " signed unsigned charset character for loop cursor returns language partition lateral"
        " ignore force low_priority quick delayed nocase percent top returning placing dual"
        " temporary plpgsql cross in"
    ),
    # Catalogues: tables that describe the others.
    "d": (
        "information_schema pg_catalog performance_schema pg_shadow pg_user pg_database pg_class"
        " pg_tables pg_authid pg_roles pg_namespace pg_attribute sqlite_master sqlite_schema"
        " sqlite_temp_master sysobjects syscolumns sysusers sysdatabases syslogins sysprocesses"
        " syscat sysibm all_tab_columns user_tab_columns dba_users dba_tables v$version"
        " v$instance v$session"
        " v$database mysql.user mysql.db mysql.innodb_table_stats msysaccessobjects msysobjects"
        " sys.tables sys.objects sys.columns sys.databases sys.user$ sys.schema_table_statistics"
        " sys.sql_logins master.sys domain.tables domain.columns domain.domains tempdb msdb"
        " rdb$database rdb$fields rdb$relations rdb$types nls_session_parameters"
    ),
    "m": "all_tables all_users all_objects user_tables user_objects user_users global_name",
}
LETTERS: Final[dict[str, str]] = {
    word: letter for letter, words in _BY_LETTER.items() for word in words.split()
}
"""Of words wherever they stand."""

_CALLS: Final = {
    # Calls that take time.
    "t": (
        "sleep benchmark pg_sleep pg_sleep_for pg_sleep_until dbms_lock.sleep dbms_session.sleep"
        " dbms_pipe.receive_message user_lock.sleep sys.dbms_lock.sleep randomblob"
        " master_pos_wait regexp_substring sqlsleep sleepeachrow system$wait"
    ),
    # Calls that read files, reach out, or put data into error messages.
    "e": (
        "extractvalue updatexml load_file load_extension openrowset opendatasource openquery"
        " openxml xmltype httpuritype dblink dblink_connect dblink_send_query lo_import lo_export"
        " lo_get lo_put lo_from_bytea pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file"
        " gtid_subset gtid_subtract name_const query_to_xml database_to_xml sys_eval sys_exec"
        " st_latfromgeohash st_longfromgeohash st_pointfromgeohash geometrycollection"
        " multipolygon multilinestring linefromwkb crypt_key dbms_xmlgen.getxml cast_to_raw"
        " file_write file_read fn_xe_file_target_read_file fn_get_audit_file fn_trace_gettable"
    ),
    # Conditions.
    "i": "if iif ifnull nullif elt decode nvl nvl2 coalesce choose make_set isnull likelihood",
    # Calls that spell characters.
    "h": "char chr nchar unistr unichr",
    # IN with what it takes.
    "6(": "in",
    # Calls that tell who and where one is.
    "y": (
        "database user version schema current_user session_user system_user db_name user_name"
        " suser_name suser_sname host_name current_database current_schema connection_id"
    ),
    "f": (
        "ascii ord mod div unicode substr substring substring_index mid left right concat concat_ws"
        " get_lock generate_series"
        " group_concat string_agg listagg wm_concat array_agg hex unhex bin oct conv cast convert"
        " try_cast try_convert object_id object_name"
        " col_name is_srvrolemember is_member has_dbaccess serverproperty length len char_length"
        " character_length octet_length bit_length lower upper ucase lcase reverse replace trim"
        " ltrim rtrim rpad lpad instr locate position md5 sha1 sha sha2 hashbytes crc32"
        " aes_encrypt aes_decrypt des_encrypt encode compress uncompress to_base64 from_base64"
        " rand random floor ceil ceiling round abs exp pow power sqrt pi sin cos tan cot asin"
        " acos atan log ln log10 sign degrees radians count sum min max avg std stddev variance"
        " bit_and bit_or bit_xor now sysdate"
        " interval truncate"
        " curdate curtime current_timestamp getdate unix_timestamp"
        " from_unixtime date_format quote quotename row_count last_insert_id found_rows"
        " coercibility collation charset to_char to_number to_date greatest least"
        " strcmp find_in_set field export_set typeof sqlite_version sqlite_source_id"
        " sqlite_compileoption_used sqlite_compileoption_get likely unlikely json_extract"
        " json_valid json_search json_array json_object json_keys json_value json_length"
        " json_arrayagg json_objectagg json_each soundex difference patindex charindex stuff"
        " replicate repeat space isnumeric is_numeric"
        " inet_server_addr inet_server_port inet_ntoa inet_aton overlay starts_with"
        " array_to_string string_to_array unnest row_to_json json_build_object to_json"
        " xmlagg xmlelement xmlserialize total_changes changes last_insert_rowid zeroblob glob"
        " instrb lengthb regexp_like regexp_replace regexp_substr regexp_instr regexp_matches"
        " sys_context userenv rawtohex hextoraw current_setting set_config"
        " date time year month day hour minute second datediff dateadd datepart date_add"
        " date_sub adddate subdate insert format uuid newid any_value row"
        " point polygon multipoint linestring"
        " tablename schema_name schema_id against"
        # MySQL
        " json_contains json_contains_path json_overlaps json_schema_valid json_type json_depth"
        " json_quote json_unquote json_set json_insert json_replace json_remove json_pretty"
        " json_merge_patch json_merge_preserve json_storage_size is_uuid uuid_to_bin bin_to_uuid"
        " uuid_short is_ipv4 is_ipv6 is_ipv4_compat is_ipv4_mapped inet6_aton inet6_ntoa"
        " is_free_lock is_used_lock release_lock release_all_locks st_contains st_equals st_within"
        " st_intersects st_touches st_distance st_astext st_geomfromtext mbrequals mbrequal"
        " mbrcontains mbrwithin mbrintersects validate_password_strength weight_string period_add"
        " period_diff to_days to_seconds from_days makedate maketime microsecond timestampdiff"
        " timestampadd dayofweek dayofyear dayofmonth dayname monthname last_day str_to_date"
        " time_to_sec sec_to_time time_format get_format bit_count ps_current_thread_id"
        " ps_thread_id statement_digest statement_digest_text random_bytes"
        # PostgreSQL
        " has_table_privilege has_database_privilege has_schema_privilege has_column_privilege"
        " has_function_privilege has_any_column_privilege isfinite bool_or bool_and to_regclass"
        " to_regrole txid_current array_length array_position array_upper array_lower array_ndims"
        " format_type obj_description col_description quote_literal quote_ident quote_nullable"
        " regexp_count split_part to_hex to_timestamp clock_timestamp statement_timestamp"
        " transaction_timestamp num_nulls num_nonnulls xpath_exists xmlexists xml_is_well_formed"
        " json_exists json_query json_typeof jsonb_typeof jsonb_path_exists jsonb_path_match"
        " jsonb_path_query jsonb_array_length jsonb_extract_path jsonb_build_object to_jsonb"
        " to_tsvector to_tsquery plainto_tsquery row_security_active make_date make_interval"
        # SQL Server
        " isdate isjson databaseproperty databasepropertyex objectproperty object_definition"
        " columnproperty has_perms_by_name is_rolemember suser_id suser_sid user_id db_id"
        " type_name type_id index_col original_login original_db_name app_name getutcdate"
        " sysdatetime sysutcdatetime binary_checksum newsequentialid formatmessage error_message"
        " error_number xact_state datename datalength eomonth datefromparts try_parse"
        # Oracle and SQLite
        " lnnvl bitand vsize ora_hash sys_guid to_clob to_nchar asciistr months_between add_months"
        " next_day tz_offset sys_extract_utc nanvl rowidtochar chartorowid existsnode unixepoch"
        " julianday strftime json_patch sqlite_offset"
    ),
}
CALLS: Final[dict[str, str]] = {
    word: letter for letter, words in _CALLS.items() for word in words.split()
}
"""Of words before an opening parenthesis."""

PROCEDURES: Final = (
    "xp_", "sp_oa", "sp_executesql", "sp_makewebtask", "sp_addextendedproc", "sp_configure",
    "sp_password", "sp_addlogin", "sp_addsrvrolemember",
)  # fmt: skip
"""How names of SQL Server's procedures begin that reach out of the database."""
PACKAGES: Final = ("utl_", "dbms_", "ctxsys", "ordsys")
"""How names of Oracle's packages begin."""
OWN_CALLS: Final = (
    "div", "conv", "unhex", "lpad", "rpad", "instr", "ifnull", "nullif", "nvl", "elt", "quotename",
    "substring_index", "find_in_set", "inet_ntoa", "inet_aton", "bit_length", "octet_length",
    "char_length", "hashbytes", "rawtohex", "hextoraw", "to_base64", "from_base64",
)  # fmt: skip
"""Calls that neither mathematics nor spreadsheets nor programs have by these names."""
OF_DATABASES: Final = ("pg_", "lo_")
"""How calls begin that nothing but a database has."""
SYSTEM: Final = ("master..", "master.dbo.", "master.sys.", "msdb..", "msdb.dbo.", "tempdb..")
"""How names begin of what SQL Server keeps for itself."""
CATALOGUES: Final = ("information_schema", "pg_catalog", "performance_schema", "sysibm", "syscat")

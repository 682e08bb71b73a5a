-- Refused while a policy, a trigger or a default uses one of them.
DROP FUNCTION pgkeel.current_actor(), pgkeel.current_tenant(), pgkeel.current_component(), pgkeel.current_session_id();

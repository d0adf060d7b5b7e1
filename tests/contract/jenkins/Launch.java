/** Starts the server that is on the class path. It asks who made the Java machine, and believes in few makers. */
public class Launch {
    public static void main(String[] arguments) throws Exception {
        System.setProperty("java.vm.vendor", "Oracle Corporation");
        Class.forName("Main").getMethod("main", String[].class).invoke(null, (Object) arguments);
    }
}
